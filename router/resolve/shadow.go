package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// useShadows has the blocks that read one table alone read the shadows of its
// columns (catalog.Shadow), where their index has all that the block needs: a
// text's has the same values, and a bucket stands for the timestamp in what is
// the same for all times of the bucket.
func (r *resolver) useShadows(root *Block) error {
	var blocks []*Block
	root.Each(func(b *Block) { blocks = append(blocks, b) })
	for _, b := range blocks {
		reader := b.shadowReader()
		if reader == nil || reader.readText() {
			continue
		}
		if err := reader.readBucket(r); err != nil {
			return err
		}
	}
	return nil
}

// shadowReader is a block that reads one table, and nothing else, which has
// shadows.
type shadowReader struct {
	block  *Block
	sel    *ast.SelectStmt
	source *Source
	used   []string // the columns that the block names, in lower case, but the key
}

// shadowReader returns nil where the block can't read shadows instead.
func (b *Block) shadowReader() *shadowReader {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || len(b.Sources) != 1 || len(b.Inner) > 0 || b.InPlace != "" || b.Volatile || b.Sequence {
		return nil
	}
	s := b.Sources[0]
	if s.Table == nil || len(s.Table.Shadows) == 0 {
		return nil
	}
	name, ok := s.Ref.Source.(*ast.TableName)
	if !ok || len(name.IndexHints) > 0 || name.Schema.O != "" {
		return nil
	}
	reader := &shadowReader{block: b, sel: sel, source: s}
	if !reader.use() || !reader.named() {
		return nil
	}
	return reader
}

// use notes the columns that the block names. It reports false where it can't
// tell, and where there are others than those of the table, all of which * is.
func (r *shadowReader) use() bool {
	for _, f := range r.sel.Fields.Fields {
		if tree.IsStar(f) {
			return false
		}
	}
	ok := true
	r.block.Names(func(n *ast.ColumnName) {
		switch found := r.block.scope.bind(n); {
		case found.source == r.source:
			r.note(n.Name.L)
		case found.scope != nil: // of a block around this one, or ambiguous
			ok = false
		default: // the alias of a field
			ok = ok && r.field(n.Name.O) != nil
		}
	})
	return ok
}

func (r *shadowReader) note(column string) {
	if column == catalog.KeyColumn {
		return
	}
	for _, known := range r.used {
		if known == column {
			return
		}
	}
	r.used = append(r.used, column)
}

// field returns the select field that bears an alias, or nil.
func (r *shadowReader) field(alias string) *ast.SelectField {
	for _, f := range r.sel.Fields.Fields {
		if tree.IsName(f.AsName, alias) {
			return f
		}
	}
	return nil
}

// named reports whether the names of the result's columns depend on no
// column's name but where a field is one, and no alias hides a column.
func (r *shadowReader) named() bool {
	for _, f := range r.sel.Fields.Fields {
		plain := tree.PlainColumn(f.Expr)
		switch {
		case f.AsName.O == "":
			if plain == nil && tree.HasColumn(f.Expr) {
				return false
			}
		case plain != nil && tree.IsName(plain.Name, f.AsName.O):
		default:
			for _, column := range r.used {
				if strings.EqualFold(column, f.AsName.O) {
					return false
				}
			}
		}
	}
	return true
}

// keepNames gives fields that are columns their names, before those become
// others.
func (r *shadowReader) keepNames() {
	for _, f := range r.sel.Fields.Fields {
		if n := tree.PlainColumn(f.Expr); n != nil && f.AsName.O == "" {
			f.AsName = n.Name
		}
	}
}

// rename makes names of the column in some clauses those of its shadow.
func rename(column, shadow string, clauses ...ast.Node) {
	for _, clause := range tree.Present(clauses...) {
		tree.Walk(clause, func(n ast.Node) bool {
			if name, ok := n.(*ast.ColumnName); ok && name.Name.L == column {
				name.Name = ast.NewCIStr(shadow)
			}
			return true
		})
	}
}
