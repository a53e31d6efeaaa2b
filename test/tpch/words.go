package tpch

import (
	"math/rand/v2"
	"strings"
)

// The words of the specification, clauses 4.2.2.13 and 4.2.3.
var (
	regions = []string{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"}

	nations = []struct {
		name   string
		region int
	}{
		{"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4},
		{"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3}, {"INDIA", 2}, {"INDONESIA", 2},
		{"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0},
		{"MOROCCO", 0}, {"MOZAMBIQUE", 0}, {"PERU", 1}, {"CHINA", 2}, {"ROMANIA", 3},
		{"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3}, {"UNITED KINGDOM", 3}, {"UNITED STATES", 1},
	}

	segments     = []string{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"}
	priorities   = []string{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"}
	instructions = []string{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"}
	// AIR REG is called REG AIR by the specification's list, and AIR REG by
	// query 19, which would then find none.
	modes = []string{"AIR REG", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"}

	typeSizes      = []string{"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"}
	typeFinishes   = []string{"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"}
	typeMetals     = []string{"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"}
	containerSizes = []string{"SM", "LG", "MED", "JUMBO", "WRAP"}
	containerKinds = []string{"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"}

	colors = strings.Fields(`almond antique aquamarine azure beige bisque black blanched blue blush brown
		burlywood burnished chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark
		deep dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey
		honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon
		medium metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya
		peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy seashell
		sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white
		yellow`)

	nouns = strings.Split(`foxes,ideas,theodolites,pinto beans,instructions,dependencies,excuses,platelets,
asymptotes,courts,dolphins,multipliers,sauternes,warthogs,frets,dinos,attainments,somas,Tiresias',
patterns,forges,braids,hockey players,frays,warhorses,dugouts,notornis,epitaphs,pearls,tithes,waters,
orbits,gifts,sheaves,depths,sentiments,decoys,realms,pains,grouches,escapades,packages,requests,
accounts,deposits`, ",")
	verbs = strings.Fields(`sleep wake are cajole haggle nag use boost affix detect integrate maintain nod
		was lose sublate solve thrash promise engage hinder print x-ray breach eat grow impress
		mold poach serve run dazzle snooze doze unwind kindle play hang believe doubt`)
	adjectives = strings.Fields(`furious sly careful blithe quick fluffy slow quiet ruthless thin close
		dogged daring brave stealthy permanent enticing idle busy regular final ironic even bold
		silent special pending express unusual`)
	adverbs = strings.Fields(`sometimes always never furiously slyly carefully blithely quickly fluffily
		slowly quietly ruthlessly thinly closely doggedly daringly bravely stealthily permanently
		enticingly idly busily regularly finally ironically evenly boldly silently`)
	prepositions = strings.Split(`about,above,according to,across,after,against,along,alongside of,among,
around,at,atop,before,behind,beneath,beside,besides,between,beyond,by,despite,during,except,for,from,
in place of,inside,instead of,into,near,of,on,outside,over,past,since,through,throughout,to,toward,
under,until,up,upon,without,with,within`, ",")
	auxiliaries = strings.Split(`do,may,might,shall,will,would,can,could,should,ought to,must,will have to,
shall have to,could have to,should have to,must have to,need to,try to`, ",")
	terminators = strings.Fields(". . . ; : ? ! --")
)

// textLength is the length of the prose that all comments are pieces of.
const textLength = 300_000

// The parts of a sentence, by the grammar of the specification, clause
// 4.2.2.14: Noun, Verb, adJective, Adverb, Preposition, auXiliary. A comma
// stands after the word before it.
var (
	sentences   = []string{"n v", "n v p", "n v n", "n p v n", "n p v p"}
	nounPhrases = []string{"N", "J N", "J, J N", "A J N"}
	verbPhrases = []string{"V", "X V", "V A", "X V A"}
)

// prose returns sentences of at least length bytes in all.
func prose(r *rand.Rand, length int) string {
	pick := func(from []string) string { return strings.TrimSpace(from[r.IntN(len(from))]) }
	words := map[byte][]string{'N': nouns, 'V': verbs, 'J': adjectives, 'A': adverbs, 'X': auxiliaries}
	var b strings.Builder
	phrase := func(of []string) {
		for word := range strings.FieldsSeq(pick(of)) {
			b.WriteString(pick(words[word[0]]) + word[1:] + " ")
		}
	}
	for b.Len() < length {
		for part := range strings.FieldsSeq(pick(sentences)) {
			switch part {
			case "v":
				phrase(verbPhrases)
				continue
			case "p":
				b.WriteString(pick(prepositions) + " the ")
			}
			phrase(nounPhrases)
		}
		b.WriteString(pick(terminators) + " ")
	}
	return b.String()
}
