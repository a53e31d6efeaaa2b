package router

import (
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
)

// TestShapesOfJSON has columns of JSON, some of which get another name.
func TestShapesOfJSON(t *testing.T) {
	snap := catalogtest.Parse(t, `shards a b
docs on a b: id int, n int, doc json
tags on b: id int, tag json
bones on b: id int, n int, bone json`)
	for _, c := range []struct{ query, shape string }{
		{"SELECT doc, n, COUNT(*) FROM docs GROUP BY doc, n",
			"SELECT COALESCE(`doc`) AS `databalancer_k1`,`n` AS `databalancer_k2`,COUNT(*) AS `databalancer_v3` FROM `docs` GROUP BY `doc`,`n` LIMIT 0"},
		{"SELECT id, doc FROM docs ORDER BY n", "SELECT `docs`.`id`,`docs`.`n`,`docs`.`doc` FROM `docs` LIMIT 0"},
	} {
		plan := planOf(t, New(Config{Database: "db"}), snap, Query{SQL: c.query})
		if shape := plan.Steps[0].Ship.Shape; shape != c.shape {
			t.Errorf("%s: shape %s, not %s", c.query, shape, c.shape)
		}
	}
}
