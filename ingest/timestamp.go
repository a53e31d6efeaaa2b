package ingest

import (
	"time"

	"github.com/kolide/databalancer/fault"
)

// appendTimestamp appends the RFC 3339 timestamp src in the server's form, in
// UTC and cut to microseconds. RFC 3339 allows a space instead of the T. The
// error is a *flaw.
func appendTimestamp(dst, src []byte) ([]byte, error) {
	if len(src) < len("2006-01-02T15:04:05Z") || src[4] != '-' || src[7] != '-' ||
		src[10]|0x20 != 't' && src[10] != ' ' || src[13] != ':' || src[16] != ':' {
		return dst, errNoTimestamp
	}
	var n [6]int // year, month, day, hour, minute, second
	for i, at := range [...]int{0, 5, 8, 11, 14, 17} {
		size := 2
		if i == 0 {
			size = 4
		}
		var ok bool
		if n[i], ok = decimal(src[at : at+size]); !ok {
			return dst, errNoTimestamp
		}
	}
	micro, rest := fraction(src[19:])
	offset, ok := zone(rest)
	if !ok {
		return dst, errNoTimestamp
	}
	if err := checkTime(n); err != nil {
		return dst, err
	}
	if offset != 0 {
		t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4]-offset, n[5], 0, time.UTC)
		n = [6]int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()}
	}
	if n[0] < 1000 || n[0] > 9999 {
		return dst, &flaw{fault.OutOfRange, "a year before 1000 or after 9999, in UTC"}
	}
	return appendParts(dst, n, micro), nil
}

var errNoTimestamp = &flaw{fault.TypeMismatch, "a string that is no RFC 3339 timestamp, instead of a timestamp"}

// checkTime checks the parts of a time for what no clock shows.
func checkTime(n [6]int) error {
	switch {
	case n[5] == 60:
		return &flaw{fault.OutOfRange, "a leap second, which the server can't store"}
	case n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > daysIn(n[0], n[1]):
		return &flaw{fault.OutOfRange, "a day that doesn't exist"}
	case n[3] > 23 || n[4] > 59 || n[5] > 59:
		return &flaw{fault.OutOfRange, "a time of day that doesn't exist"}
	}
	return nil
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// decimal returns the number that consists of b's decimal digits.
func decimal(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

// fraction reads a fraction of a second, if b begins with one: the
// microseconds, and what follows.
func fraction(b []byte) (micro [6]byte, rest []byte) {
	micro = [6]byte{'0', '0', '0', '0', '0', '0'}
	if b[0] != '.' {
		return micro, b
	}
	i := 1
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if i <= len(micro) {
			micro[i-1] = b[i]
		}
	}
	if i == 1 {
		return micro, nil // no zone can follow: a point without digits
	}
	return micro, b[i:]
}

// zone reads a whole UTC offset, in minutes.
func zone(b []byte) (minutes int, ok bool) {
	if len(b) == 1 && b[0]|0x20 == 'z' {
		return 0, true
	}
	if len(b) != len("+00:00") || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return 0, false
	}
	h, ok1 := decimal(b[1:3])
	m, ok2 := decimal(b[4:6])
	if !ok1 || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	if minutes = h*60 + m; b[0] == '-' {
		minutes = -minutes
	}
	return minutes, true
}

func appendParts(dst []byte, n [6]int, micro [6]byte) []byte {
	dst = append(dst, byte('0'+n[0]/1000), byte('0'+n[0]/100%10))
	dst = appendTwo(dst, n[0]%100)
	dst = appendTwo(append(dst, '-'), n[1])
	dst = appendTwo(append(dst, '-'), n[2])
	dst = appendTwo(append(dst, ' '), n[3])
	dst = appendTwo(append(dst, ':'), n[4])
	dst = appendTwo(append(dst, ':'), n[5])
	return append(append(dst, '.'), micro[:]...)
}

func appendTwo(dst []byte, n int) []byte {
	return append(dst, byte('0'+n/10), byte('0'+n%10))
}
