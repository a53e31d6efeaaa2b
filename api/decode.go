package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/kolide/databalancer/fault"
)

// maxRequest bounds the bodies of all requests but PUT /api/log: a query of
// the greatest length with every character escaped, and arguments besides.
const maxRequest = 4 << 20

// decode reads a request's JSON object into v, which must be a pointer to a
// struct, and refuses unknown members. Numbers for an any become json.Number.
func (a *API) decode(w http.ResponseWriter, r *http.Request, v any) error {
	if r.Header.Get("Content-Encoding") != "" {
		return fault.New(fault.UnsupportedMediaType, "only log requests may be compressed")
	}
	body, release, err := a.requests.read(w, r)
	if err != nil {
		return err
	}
	defer release()
	if err := checkText(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return decodeProblem(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalidJSON(int(d.InputOffset()), "something follows the object")
	}
	return nil
}

// decodeProblem words the errors of encoding/json for clients, who know
// nothing of Go's types.
func decodeProblem(err error) error {
	var (
		syntax *json.SyntaxError
		typed  *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return invalidJSON(int(syntax.Offset), strings.TrimPrefix(err.Error(), "json: "))
	case errors.As(err, &typed) && typed.Field != "":
		return invalidArgument("the member %q can't be a %s", typed.Field, typed.Value)
	case errors.As(err, &typed):
		return invalidJSON(0, "the body is not an object")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return invalidJSON(0, "the body is empty, or ends within a value")
	}
	return invalidArgument("%s", strings.TrimPrefix(err.Error(), "json: "))
}

func invalidJSON(offset int, detail string) error {
	return fault.At(fault.InvalidJSON, offset, "%s", detail)
}

func invalidArgument(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}

// checkText refuses what encoding/json would silently replace by U+FFFD:
// invalid UTF-8, and escaped surrogates without their other half.
func checkText(body []byte) error {
	if !utf8.Valid(body) {
		return invalidJSON(0, "the body is not UTF-8")
	}
	for i := bytes.IndexByte(body, '\\'); i >= 0 && i < len(body); {
		n, ok := escape(body[i:])
		if !ok {
			return invalidJSON(i, "half a surrogate pair")
		}
		i += n
		next := bytes.IndexByte(body[min(i, len(body)):], '\\')
		if next < 0 {
			break
		}
		i += next
	}
	return nil
}

// escape returns the length of the escape sequence that b begins with, a
// surrogate pair counting as one, and false for half a pair.
func escape(b []byte) (n int, ok bool) {
	switch unit := codeUnit(b); {
	case unit < 0:
		return 2, true
	case unit < 0xd800 || unit > 0xdfff:
		return 6, true
	case unit > 0xdbff: // a low one first
		return 0, false
	}
	low := codeUnit(b[6:])
	return 12, low >= 0xdc00 && low <= 0xdfff
}

// codeUnit reads \uXXXX at the beginning of b, or returns -1.
func codeUnit(b []byte) int {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	unit := 0
	for _, c := range b[2:6] {
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		if digit < 0 {
			return -1
		}
		unit = unit<<4 | digit
	}
	return unit
}
