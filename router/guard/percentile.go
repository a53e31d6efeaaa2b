package guard

import (
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// percentile is a call of a window function that the parser does not know. It
// knows it as another of as many arguments.
type percentile struct {
	name         string
	within, desc bool // it has an order of its own, which descends
}

// median puts FIRST_VALUE in the place of MEDIAN(x) OVER.
func (w *words) median(i int) {
	if p, ok := w.pairs[i+1]; ok && w.at(p.end+1) == "over" {
		w.replace(i, 1, "FIRST_VALUE")
		w.percentiles.put(w.tokens[i].start, percentile{name: "median"})
	}
}

// percentile puts LEAD(share, 1, x) in the place of PERCENTILE_CONT(share) WITHIN
// GROUP (ORDER BY x) before OVER.
func (w *words) percentile(i int) {
	share, ok := w.pairs[i+1]
	if !ok || share.comma || !w.are(share.end+1, "within", "group", "(", "order", "by") {
		return
	}
	group, ok := w.pairs[share.end+3]
	if !ok || group.comma || w.at(group.end+1) != "over" {
		return
	}
	p := percentile{name: w.at(i), within: true, desc: w.at(group.end-1) == "desc"}
	if p.desc || w.at(group.end-1) == "asc" {
		w.replace(group.end-1, 1, "")
	}
	w.replace(i, 1, "LEAD")
	w.replace(share.end, 6, ", 1, ")
	w.percentiles.put(w.tokens[i].start, p)
}

// percentile makes a window function the one that it carries, if it does.
func (g *guard) percentile(n *ast.WindowFuncExpr) {
	p, ok := g.percentiles.take(g.edits.back(n.OriginTextPosition()))
	if !ok {
		return
	}
	n.Name = strings.ToUpper(p.name)
	if p.within {
		n.Args = []ast.ExprNode{&tree.Within{Share: n.Args[0], By: n.Args[2], Desc: p.desc}}
	}
}
