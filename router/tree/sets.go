package tree

import "github.com/pingcap/tidb/pkg/parser/ast"

// SetParts returns the parts of a set operation, nil for another query.
func SetParts(node ast.Node) (*ast.SetOprSelectList, *ast.OrderByClause, *ast.Limit) {
	switch n := node.(type) {
	case *ast.SetOprStmt:
		return n.SelectList, n.OrderBy, n.Limit
	case *ast.SetOprSelectList:
		return n, n.OrderBy, n.Limit
	}
	return nil, nil, nil
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
