package guard

import "slices"

func seeds() []string {
	var all []string
	for _, a := range attacks {
		all = append(all, a.sql)
	}
	return slices.Concat(all, expressionQueries(), faithfulQueries)
}
