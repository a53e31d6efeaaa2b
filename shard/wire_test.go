package shard

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/catalog"
)

// replies is a connection whose server's answer is known beforehand.
type replies struct {
	net.Conn
	in   io.Reader
	sent bytes.Buffer
}

func (r *replies) Read(p []byte) (int, error)    { return r.in.Read(p) }
func (r *replies) Write(p []byte) (int, error)   { return r.sent.Write(p) }
func (r *replies) SetDeadline(t time.Time) error { return nil }

// answered returns a connection on which the server answers with in.
func answered(in io.Reader, agreed capabilities) *Conn {
	sh := &Shard{known: catalog.Shard{Name: "fake"}, cfg: Config{}.withDefaults()}
	return &Conn{shard: sh, session: overSocket(&socket{Conn: &replies{in: in}, agreed: agreed, noted: true})}
}

// overSocket is a session without TLS.
func overSocket(s *socket) *session { return &session{socket: s, stream: s} }

// packets puts payloads into packets, the first of number 1.
func packets(payloads ...string) string {
	var b strings.Builder
	sequence := byte(1)
	for _, p := range payloads {
		for {
			n := min(len(p), maxPacket)
			b.Write([]byte{byte(n), byte(n >> 8), byte(n >> 16), sequence})
			b.WriteString(p[:n])
			p = p[n:]
			sequence++
			if n < maxPacket {
				break
			}
		}
	}
	return b.String()
}

// field is a column definition of a VARCHAR.
func field(name string) string {
	return "\x03def\x00\x00\x00" + string(rune(len(name))) + name + "\x00\x0c\x2d\x00\x40\x00\x00\x00\xfd\x00\x00\x00\x00\x00"
}

// value is n times x as a value, with the shortest form of its length.
func value(n int) string {
	var length []byte
	switch {
	case n < 251:
		length = []byte{byte(n)}
	case n < 1<<16:
		length = []byte{0xfc, byte(n), byte(n >> 8)}
	case n < 1<<24:
		length = []byte{0xfd, byte(n), byte(n >> 8), byte(n >> 16)}
	default:
		length = []byte{0xfe, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 0, 0, 0, 0}
	}
	return string(length) + strings.Repeat("x", n)
}

const (
	okEnd  = "\xfe\x00\x00\x02\x00\x00\x00" // an OK packet in all but its first byte
	eofEnd = "\xfe\x00\x00\x02\x00"
)

func TestRowsFromPackets(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		agreed capabilities
		want   string // rows, or the error
	}{
		{"no rows", packets("\x01", field("a"), okEnd), deprecateEOF, ""},
		{"rows", packets("\x02", field("a"), field("b"), "\x01x\xfb", "\x00\x02yz", okEnd), deprecateEOF, "x,NULL;,yz;"},
		{"with EOF packets", packets("\x01", field("a"), eofEnd, "\x01x", eofEnd), 0, "x;"},
		{"metadata flag", packets("\x01\x01", field("a"), "\x01x", okEnd), deprecateEOF, "x;"},
		{"two-byte length", packets("\x01", field("a"), "\xfc\x03\x00xyz", okEnd), deprecateEOF, "xyz;"},
		{"three-byte length", packets("\x01", field("a"), "\xfd\x03\x00\x00xyz", okEnd), deprecateEOF, "xyz;"},
		{"no result", packets("\x00\x01\x00\x02\x00\x00\x00"), deprecateEOF, ""},
		{"error", packets("\xff\x7a\x04#42S02no table"), deprecateEOF, "error 1146 (42S02): no table"},
		{"error without state", packets("\xff\x7a\x04no table"), deprecateEOF, "error 1146: no table"},
		{"error after rows", packets("\x01", field("a"), "\x01x", "\xff\x25\x05#70100interrupted"), deprecateEOF,
			"x;error 1317 (70100): interrupted"},
		{"wants a file", packets("\xfb/etc/passwd"), deprecateEOF, "server asks for a local file"},
		{"more results", packets("\x01", field("a"), "\xfe\x00\x00\x0a\x00\x00\x00"), deprecateEOF, "statement has several results"},
		{"cut in a row", packets("\x01", field("a")) + "\x05\x00\x00\x03ab", deprecateEOF, "server unreachable: unexpected EOF"},
		{"cut in a header", packets("\x01", field("a")) + "\x05", deprecateEOF, "server unreachable: unexpected EOF"},
		{"nothing", "", deprecateEOF, "server unreachable: unexpected EOF"},
		{"value beyond the row", packets("\x01", field("a"), "\x05x"), deprecateEOF, "column 0: malformed packet"},
		{"row too short", packets("\x02", field("a"), field("b"), "\x01x"), deprecateEOF, "column 1: malformed packet"},
		{"empty packet", packets("\x01", field("a"), ""), deprecateEOF, "malformed packet"},
		{"out of sequence", packets("\x01") + packets(field("a")), deprecateEOF, "packet out of sequence"},
		{"bad definition", packets("\x01", "\x03def"), deprecateEOF, "column 0: malformed packet"},
		{"too many columns", packets("\xfe\xff\xff\xff\xff\xff\xff\xff\xff"), deprecateEOF, "malformed packet"},
	}
	for _, tt := range tests {
		for how, reader := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytewise": iotest.OneByteReader, "with EOF": iotest.DataErrReader,
		} {
			c := answered(reader(strings.NewReader(tt.answer)), tt.agreed)
			if got := readAll(t, c); got != tt.want {
				t.Errorf("%s, %s: got %q, want %q", tt.name, how, got, tt.want)
			}
			wantBroken := tt.want != "" && !strings.HasSuffix(tt.want, ";") && !strings.Contains(tt.want, "error 1")
			if c.broken != wantBroken {
				t.Errorf("%s, %s: the connection is broken: %t", tt.name, how, c.broken)
			}
		}
	}
}

// readAll returns the rows as text, and the error without the shard's name.
func readAll(t *testing.T, c *Conn) string {
	rows, err := c.Query(t.Context(), "SELECT")
	var b strings.Builder
	if err == nil {
		for rows.Next() {
			for i, v := range rows.Values() {
				if i > 0 {
					b.WriteByte(',')
				}
				if v == nil {
					v = []byte("NULL")
				}
				b.Write(v)
			}
			b.WriteByte(';')
		}
		err = rows.Err()
	}
	if err != nil {
		b.WriteString(strings.TrimPrefix(err.Error(), "shard fake: "))
	}
	return b.String()
}

// Rows of all sizes around those of buffers and packets come out whole.
func TestRowSizes(t *testing.T) {
	sizes := []int{0, 1, 250, 251, bufferSize - 5, bufferSize, bufferSize + 1, maxBuffered - 9, maxBuffered + 1, 10,
		maxPacket - 4, maxPacket + 1, 2*maxPacket - 9, 3} // the packets: full, and longer than one and two
	answer := []string{"\x01", field("a")}
	for _, n := range sizes {
		answer = append(answer, value(n))
	}
	c := answered(strings.NewReader(packets(append(answer, okEnd)...)), deprecateEOF)
	rows, err := c.Query(t.Context(), "SELECT")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range sizes {
		if !rows.Next() {
			t.Fatalf("no row of %d bytes: %v", n, rows.Err())
		}
		if v := rows.Values()[0]; len(v) != n || bytes.Count(v, []byte("x")) != n {
			t.Errorf("got %d bytes, want %d", len(v), n)
		}
	}
	if rows.Next() || rows.Err() != nil {
		t.Errorf("after the last row: %v", rows.Err())
	}
}

// A reader that stops after as many rows as it asked for costs no connection.
func TestCloseKeepsConnectionWhoseRowsHaveArrived(t *testing.T) {
	for name, last := range map[string]string{"end": okEnd, "error": "\xff\x25\x05#70100interrupted"} {
		c := answered(strings.NewReader(packets("\x01", field("a"), "\x01x", "\x01y", last)), deprecateEOF)
		rows, err := c.Query(t.Context(), "SELECT")
		if err != nil || !rows.Next() {
			t.Fatal(name, err)
		}
		if err := rows.Close(); err != nil || c.broken || rows.Next() {
			t.Errorf("%s: closed with %v, and the connection broken: %t", name, err, c.broken)
		}
	}
}

func TestQueryPacket(t *testing.T) {
	c := answered(strings.NewReader(packets("\x00\x00\x00\x02\x00\x00\x00")), deprecateEOF)
	statement := "SELECT '" + strings.Repeat("x", 70000) + "'"
	if _, err := c.Query(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	sent := c.session.socket.Conn.(*replies).sent.String()
	if want := "\x7a\x11\x01\x00\x03" + statement; sent != want {
		t.Errorf("sent %q…, want %q…", sent[:12], want[:12])
	}
	c = answered(strings.NewReader(""), deprecateEOF)
	if _, err := c.Query(t.Context(), strings.Repeat(" ", maxPacket)); !errors.Is(err, ErrTooLong) {
		t.Errorf("a statement of 16 MiB: got %v", err)
	}
}

// Whatever a server sends, reading ends, gives as many values as columns, and
// touches nothing beyond what was sent.
func FuzzRows(f *testing.F) {
	f.Add([]byte(packets("\x02", field("a"), field("b"), "\x01x\xfb", "\x00\x02yz", okEnd)), true)
	f.Add([]byte(packets("\x01", field("a"), eofEnd, "\x01x", eofEnd)), false)
	f.Add([]byte(packets("\xff\x7a\x04#42S02no table")), true)
	f.Add([]byte(packets("\x01", field("a"), "\xfe\x03\x00\x00\x00\x00\x00\x00\x00abc")), true)
	f.Fuzz(func(t *testing.T, answer []byte, deprecated bool) {
		var agreed capabilities
		if deprecated {
			agreed = deprecateEOF
		}
		c := answered(bytes.NewReader(answer), agreed)
		rows, err := c.Query(t.Context(), "SELECT")
		if err != nil {
			return
		}
		total := 0
		for rows.Next() {
			if len(rows.Values()) != len(rows.Columns()) {
				t.Fatalf("%d values of %d columns", len(rows.Values()), len(rows.Columns()))
			}
			for _, v := range rows.Values() {
				total += len(v)
			}
		}
		if total > len(answer) {
			t.Fatalf("%d bytes of values in an answer of %d", total, len(answer))
		}
		var server *mysql.MySQLError
		if c.broken == (rows.Err() == nil || errors.As(rows.Err(), &server)) {
			t.Fatalf("broken %t after %v", c.broken, rows.Err())
		}
	})
}
