package router

import (
	"slices"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// settle makes the block join the table in place of the sources: its FROM
// becomes a list, and all conditions go to WHERE.
func (j *join) settle(table string) {
	j.rename(table)
	sel := j.block.Node.(*ast.SelectStmt)
	refs, conditions := tree.Leaves(sel.From.TableRefs)
	var from *ast.Join
	placed := false
	for _, ref := range refs {
		if j.has(ref) {
			if placed {
				continue
			}
			placed = true
			ref = &ast.TableSource{Source: temporaryName(table)}
		}
		if from == nil {
			from = &ast.Join{Left: ref}
		} else {
			from = &ast.Join{Left: from, Right: ref, Tp: ast.CrossJoin}
		}
	}
	from.Left = tree.Unwrap(from.Left)
	sel.From = &ast.TableRefsClause{TableRefs: from}
	if sel.Where != nil {
		conditions = append(conditions, sel.Where)
	}
	sel.Where = tree.Conjunction(conditions)
}

func (j *join) has(ref *ast.TableSource) bool {
	return slices.ContainsFunc(j.sources, func(s *resolve.Source) bool { return s.Ref == ref })
}

// rename makes all names of the sources' columns those of the table. None is
// changed before all are bound.
func (j *join) rename(table string) {
	renamed := make(map[*ast.ColumnName]string)
	j.block.Each(func(b *resolve.Block) {
		b.Names(func(n *ast.ColumnName) {
			if name, ok := j.names[joinColumn{b.Bind(n), n.Name.L}]; ok {
				renamed[n] = name
			}
		})
	})
	for n, name := range renamed {
		n.Table, n.Name = ast.NewCIStr(table), ast.NewCIStr(name)
	}
}
