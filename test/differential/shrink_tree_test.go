package differential

import "time"

// shrinkTree returns the smallest tree it finds that still fails: it leaves
// out elements of lists, and puts subtrees in the place of what they are part
// of.
func shrinkTree(root *node, deadline time.Time, fails func(*node) bool) *node {
	for again := true; again; {
		again = false
		for i := 0; i < root.size(); i++ {
			for e := 0; time.Now().Before(deadline); e++ {
				smaller := root.clone()
				applied, more := smaller.edit(i, e)
				if !more {
					break
				}
				if applied && smaller.size() <= root.size() && fails(smaller) {
					root, again = smaller, true
					e = -1
				}
			}
		}
	}
	return root
}

// edit makes the eth change to the ith node. It reports whether that changed
// the tree, and whether there may be further changes.
func (n *node) edit(i, e int) (applied, more bool) {
	at := n.at(&i)
	if at == nil {
		return false, false
	}
	changes := at.changes()
	if e >= len(changes) {
		return false, false
	}
	return changes[e](), true
}

// at returns the node that is ith in the order in which a tree is printed.
func (n *node) at(i *int) *node {
	if *i == 0 {
		return n
	}
	for _, kid := range n.kids {
		*i--
		if found := kid.at(i); found != nil {
			return found
		}
	}
	return nil
}

// changes are what can be done to a node.
func (n *node) changes() []func() bool {
	var all []func() bool
	if n.isList {
		if len(n.kids) > n.least+1 {
			all = append(all, func() bool { n.kids = n.kids[:n.least]; return true })
		}
		for k := range n.kids {
			if len(n.kids) > n.least {
				all = append(all, func() bool { n.kids = append(n.kids[:k:k], n.kids[k+1:]...); return true })
			}
		}
		return all
	}
	for _, part := range n.parts() {
		all = append(all, func() bool { n.become(part); return true })
	}
	switch n.sort {
	case exprNode:
		for _, text := range []string{"1", "NULL"} {
			if len(n.kids) > 0 {
				all = append(all, func() bool { n.become(literal(text)); return true })
			}
		}
	case queryNode:
		if arms := n.items(); len(arms) > 1 {
			for k := range arms[0] {
				all = append(all, func() bool { return n.dropColumn(arms, k) })
			}
		}
	}
	return all
}

// become puts another node in the place of this one.
func (n *node) become(other *node) { *n = *other.clone() }

// parts are the nodes of the same sort next below a node that can stand for
// others.
func (n *node) parts() []*node {
	if n.whole || n.sort != exprNode && n.sort != queryNode && n.sort != tableNode {
		return nil
	}
	var found []*node
	for _, kid := range n.kids {
		kid.find(func(k *node) bool {
			if k.sort == n.sort {
				found = append(found, k)
			}
			return k.sort != n.sort && (n.sort == queryNode || k.sort != queryNode)
		})
	}
	return found
}

// dropColumn leaves out a column of a set operation in each of its arms.
func (n *node) dropColumn(arms [][]*node, column int) bool {
	gone := map[*node]bool{}
	for _, arm := range arms {
		if column >= len(arm) || len(arm) < 2 {
			return false
		}
		gone[arm[column]] = true
	}
	n.find(func(k *node) bool {
		var left []*node
		for _, kid := range k.kids {
			if !gone[kid] {
				left = append(left, kid)
			}
		}
		if k.isList {
			k.kids = left
		}
		return k.sort == other || k.sort == queryNode
	})
	return true
}
