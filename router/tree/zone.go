package tree

import (
	"fmt"
	"regexp"
	"strconv"
)

// zoned are the forms of RFC 3339 (and ISO 8601 without seconds), with a blank
// for the T if need be.
var zoned = regexp.MustCompile(`^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(:\d\d(?:\.\d*)?)?(?:([+-])(\d\d):(\d\d)|[Zz])$`)

// InUTC returns a time with an offset from UTC, or a Z, without it. It reports
// false for any other text, and where the day is none or not in the years from
// 0001 to 9999.
func InUTC(text string) (string, bool) {
	m := zoned.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	var n [10]int // as m; of a part that is missing, 0
	for i := range n {
		n[i], _ = strconv.Atoi(m[i]) // the others are no numbers
	}
	year, month, day, hour, minute := n[1], n[2], n[3], n[4], n[5]
	offset := n[8]*60 + n[9]
	if year < 1 || month < 1 || month > 12 || day < 1 || day > days(year, month) || hour > 23 || minute > 59 || n[8] > 23 || n[9] > 59 {
		return "", false
	}
	if m[7] == "+" {
		offset = -offset
	}
	minutes := hour*60 + minute + offset
	switch {
	case minutes < 0:
		minutes += 24 * 60
		year, month, day = before(year, month, day)
	case minutes >= 24*60:
		minutes -= 24 * 60
		year, month, day = after(year, month, day)
	}
	if year < 1 || year > 9999 {
		return "", false
	}
	seconds := m[6]
	if seconds == "" {
		seconds = ":00"
	}
	return fmt.Sprintf("%04d-%02d-%02d %02d:%02d%s", year, month, day, minutes/60, minutes%60, seconds), true
}

// days returns the number of days of a month. Package time, which has the clock
// too, is none of the router's.
func days(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && year%100 != 0 || year%400 == 0 {
			return 29
		}
		return 28
	}
	return 31
}

func before(year, month, day int) (int, int, int) {
	if day > 1 {
		return year, month, day - 1
	}
	if month > 1 {
		return year, month - 1, days(year, month-1)
	}
	return year - 1, 12, 31
}

func after(year, month, day int) (int, int, int) {
	if day < days(year, month) {
		return year, month, day + 1
	}
	if month < 12 {
		return year, month + 1, 1
	}
	return year + 1, 1, 1
}
