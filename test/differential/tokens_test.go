package differential

import "strings"

// tokens splits SQL into words, numbers, quoted pieces and signs. Comments of
// the list are gone by then, and there are no others.
func tokens(sql string) []string {
	var all []string
	for i := 0; i < len(sql); {
		end := i + 1
		switch c := sql[i]; {
		case c == ' ' || c == '\n' || c == '\t':
			i++
			continue
		case c == '\'' || c == '"' || c == '`':
			end = closing(sql, i)
		case isWord(c):
			for end < len(sql) && isWord(sql[end]) {
				end++
			}
		default:
			for _, sign := range []string{"<=>", "<=", ">=", "<>", "!=", "->>", "->", "||", "&&", ":="} {
				if strings.HasPrefix(sql[i:], sign) {
					end = i + len(sign)
					break
				}
			}
		}
		all = append(all, sql[i:end])
		i = end
	}
	return all
}

// closing returns where the quoted piece that begins at start ends.
func closing(sql string, start int) int {
	quote := sql[start]
	for i := start + 1; i < len(sql); i++ {
		switch {
		case sql[i] == '\\' && quote != '`':
			i++
		case sql[i] == quote && i+1 < len(sql) && sql[i+1] == quote:
			i++
		case sql[i] == quote:
			return i + 1
		}
	}
	return len(sql)
}

// isWord reports whether a byte is part of a name or a number. A point holds
// a name and its table together.
func isWord(c byte) bool {
	return c == '_' || c == '.' || c == '@' || c >= 0x80 ||
		c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// joined puts tokens together again. A function's name and its parenthesis
// must not be apart.
func joined(tokens []string) string {
	var b strings.Builder
	for i, token := range tokens {
		if i > 0 && token != "(" && token != ")" && token != "," && tokens[i-1] != "(" {
			b.WriteByte(' ')
		}
		if i > 0 && token == "(" && !isWord(tokens[i-1][len(tokens[i-1])-1]) && tokens[i-1] != "(" {
			b.WriteByte(' ')
		}
		b.WriteString(token)
	}
	return b.String()
}
