package router

import (
	"testing"

	"github.com/kolide/databalancer/router/guard"
)

func TestLengthless(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT `a`, COUNT(*) FROM `t` WHERE `a` IN ('json_array(', 'it\\'s REPLACE(') GROUP BY `a`":  true,
		"SELECT IF(`a`='x',`a`,CONCAT(`a`,'y')) AS `json_array(` FROM (SELECT `a` FROM `t`) AS `x`":   true,
		"SELECT 'a' 'b', `recursive` FROM `t`":                                                        true,
		"SELECT CAST(a AS CHAR(3)), BINARY a, DATE '2001-02-03', a REGEXP 'x', MAX(a) FROM t":         true,
		"SELECT CHAR(a, 65), INTERVAL(a, 1), MOD(a, 2), a + INTERVAL 1 DAY, TRIM(BOTH 'x' FROM a)":    true,
		"SELECT ROW_NUMBER() OVER (ORDER BY a) FROM t UNION ALL (SELECT 1 WHERE a = ANY (SELECT b))":  true,
		"SELECT JSON_ARRAY(`a`) FROM `t`":                                                             false,
		"SELECT a -> '$.b' FROM t":                                                                    false,
		"SELECT `replace`(`a`,`b`,'xxx') FROM `t`":                                                    false,
		"SELECT a FROM t WHERE a IN (SELECT UPPER(b) FROM u)":                                         false,
		"SELECT GROUP_CONCAT(a) FROM t":                                                               false,
		"SELECT JSON_ARRAYAGG(a) OVER () FROM t":                                                      false,
		"SELECT CONVERT(a, CHAR) FROM t":                                                              false,
		"SELECT CAST(a AS BINARY(3)) FROM t":                                                          false,
		"SELECT 1 FROM t WHERE (a, b) = (1, 2)":                                                       false,
		"WITH RECURSIVE `c` AS (SELECT `a` FROM `t` UNION SELECT `a` FROM `c`) SELECT `a` FROM `c`":   false,
		"SELECT 1 FROM (WITH RECURSIVE c AS (SELECT 1 AS a UNION SELECT a FROM c) SELECT a FROM c) x": false,
	} {
		st, err := guard.Parse(sql, nil, guard.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		if got := isLengthless(st.Node()); got != want {
			t.Errorf("%s: %t", sql, got)
		}
	}
}
