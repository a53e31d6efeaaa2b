package tree

import (
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// SetOperation has the parts of a set operation: of a statement, or of a
// parenthesised part of one.
type SetOperation struct {
	With  *ast.WithClause
	Arms  *ast.SetOprSelectList
	Order *ast.OrderByClause
	Limit *ast.Limit
}

// SetOperationOf returns the parts of a query that is a set operation. It
// reports false for a SELECT.
func SetOperationOf(query ast.Node) (SetOperation, bool) {
	switch n := query.(type) {
	case *ast.SetOprStmt:
		return SetOperation{n.With, n.SelectList, n.OrderBy, n.Limit}, true
	case *ast.SetOprSelectList:
		return SetOperation{n.With, n, n.OrderBy, n.Limit}, true
	}
	return SetOperation{}, false
}

// UnionAll reports whether only UNION ALL stands between the arms.
func UnionAll(list *ast.SetOprSelectList) bool {
	for i, arm := range list.Selects {
		if i > 0 && *operator(arm) != ast.UnionAll {
			return false
		}
	}
	return true
}

// operator returns the operator in front of an arm.
func operator(arm ast.Node) *ast.SetOprType {
	if list, ok := arm.(*ast.SetOprSelectList); ok {
		return list.AfterSetOperator
	}
	return arm.(*ast.SelectStmt).AfterSetOperator
}

// Alone returns an arm as a statement of its own. The arm stays as it is.
func Alone(arm ast.Node) ast.Node {
	switch n := arm.(type) {
	case *ast.SelectStmt:
		sel := *n
		sel.AfterSetOperator = nil
		return &sel
	case *ast.SetOprSelectList:
		if len(n.Selects) == 1 && n.OrderBy == nil && n.Limit == nil && n.With == nil {
			return Alone(n.Selects[0])
		}
		list := &ast.SetOprSelectList{Selects: n.Selects}
		return &ast.SetOprStmt{SelectList: list, OrderBy: n.OrderBy, Limit: n.Limit, With: n.With}
	}
	return arm
}

// Parenthesised returns an arm in parentheses, for use among others. The arm
// stays as it is.
func Parenthesised(arm ast.Node) *ast.SetOprSelectList {
	if n, ok := arm.(*ast.SetOprSelectList); ok {
		list := *n
		return &list
	}
	sel := *arm.(*ast.SelectStmt)
	sel.AfterSetOperator = nil
	return &ast.SetOprSelectList{Selects: []ast.Node{&sel}}
}

// Aliased returns a copy of a query that names its columns: a select field
// without an alias gets the one in its place, unless that is empty.
func Aliased(query ast.Node, aliases []string) ast.Node {
	switch n := query.(type) {
	case *ast.SelectStmt:
		sel := *n
		sel.Fields = &ast.FieldList{Fields: slices.Clone(n.Fields.Fields)}
		for i, f := range sel.Fields.Fields {
			if f.AsName.O == "" && aliases[i] != "" {
				named := *f
				named.AsName = ast.NewCIStr(aliases[i])
				sel.Fields.Fields[i] = &named
			}
		}
		return &sel
	case *ast.SetOprStmt:
		op := *n
		op.SelectList = Aliased(n.SelectList, aliases).(*ast.SetOprSelectList)
		return &op
	case *ast.SetOprSelectList:
		list := *n
		list.Selects = slices.Clone(n.Selects)
		list.Selects[0] = Aliased(n.Selects[0], aliases)
		return &list
	}
	return query
}
