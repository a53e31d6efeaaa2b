package guard

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/charset"
)

// charsets are the character sets whose literals and conversions are let
// through: in all of them a quote and a backslash are what they are in ASCII,
// never part of another character.
var charsets = map[string]bool{"utf8mb4": true, "utf8": true, "utf8mb3": true, "latin1": true, "ascii": true, "binary": true}

// singleByte are further character sets of that kind, which the parser lacks. Of
// the servers', swe7 has a letter in the place of the backslash, and the
// rest have characters of several bytes.
const singleByte = `armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2
	koi8r koi8u latin2 latin5 latin7 macce macroman tis620`

// wide are character sets of several bytes, which the parser lacks, too. Values
// can be converted to them, and hexadecimal and bit literals be of them, which
// have no quotes.
var wide = map[string]bool{"ucs2": true, "utf16": true, "utf16le": true, "utf32": true}

// isKnown reports whether values can be converted to a character set.
func isKnown(charset string) bool { return charsets[charset] || wide[charset] }

// The collations that the parser lacks.
const (
	// MariaDB from 10.10: with and without a character set before it.
	uca1400 = `croatian czech danish esperanto estonian german2 hungarian icelandic latvian lithuanian
		persian polish roman romanian sinhala slovak slovenian spanish spanish2 swedish turkish vietnamese`
	// MySQL from 8.0.30.
	later0900 = "bg bs gl mn_cyrl nb nn sr_latn"
	// MariaDB from 10.2.
	nopad = `utf8mb4_general_nopad_ci utf8mb4_nopad_bin utf8mb4_unicode_nopad_ci utf8mb4_unicode_520_nopad_ci
		utf8mb3_general_nopad_ci utf8mb3_nopad_bin utf8mb3_unicode_nopad_ci utf8mb3_unicode_520_nopad_ci
		ucs2_general_nopad_ci ucs2_nopad_bin ucs2_unicode_nopad_ci ucs2_unicode_520_nopad_ci
		utf16_general_nopad_ci utf16_nopad_bin utf16_unicode_nopad_ci utf16_unicode_520_nopad_ci
		utf32_general_nopad_ci utf32_nopad_bin utf32_unicode_nopad_ci utf32_unicode_520_nopad_ci
		latin1_swedish_nopad_ci latin1_nopad_bin ascii_general_nopad_ci ascii_nopad_bin utf8mb4_thai_520_w2 utf8mb4_myanmar_ci`
)

// firstID is above the numbers of all servers' collations, which nobody asks for
// here.
const firstID = 1 << 20

// The parser's tables are filled once, before anything is parsed.
func init() {
	add := func(name string, width int) {
		if _, ok := charset.CharacterSetInfos[name]; !ok {
			charset.AddCharset(&charset.Charset{Name: name, DefaultCollation: name, Collations: make(map[string]*charset.Collation), Maxlen: width})
		}
	}
	for _, name := range strings.Fields(singleByte) {
		charsets[name] = true
		add(name, 1)
	}
	for name := range wide {
		add(name, 4)
	}
	for i, name := range missingCollations() {
		if _, err := charset.GetCollationByName(name); err != nil {
			set, _, _ := strings.Cut(name, "_")
			charset.AddCollation(&charset.Collation{ID: firstID + i, CharsetName: set, Name: name})
		}
	}
}

func missingCollations() []string {
	names := strings.Fields(nopad)
	for _, language := range strings.Fields(later0900) {
		names = append(names, "utf8mb4_"+language+"_0900_ai_ci", "utf8mb4_"+language+"_0900_as_cs")
	}
	for _, language := range append(strings.Fields(uca1400), "") {
		if language != "" {
			language = "_" + language
		}
		for _, pad := range []string{"", "_nopad"} {
			for _, strength := range []string{"_ai_ci", "_ai_cs", "_as_ci", "_as_cs"} {
				name := "uca1400" + language + pad + strength
				names = append(names, name, "utf8mb4_"+name, "utf8mb3_"+name)
			}
		}
	}
	return names
}
