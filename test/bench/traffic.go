package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// perRequest is the number of events in a request.
const perRequest = 1000

// traffic is requests of events of the family, to be sent again and again.
type traffic struct {
	origin string
	bodies [][]byte // of perRequest events each
}

// newTraffic reads Zeek's dns log in the folder (or in its subfolder zeek),
// or makes up events like that log's.
func newTraffic(dir string) (*traffic, error) {
	events, origin := madeUp(), "events made up after Zeek's dns log"
	if dir != "" {
		var err error
		if events, err = readLog(dir); err != nil {
			return nil, err
		}
		origin = "events of a Zeek dns log"
	}
	t := &traffic{origin: origin}
	lines := bytes.Split(bytes.TrimSpace(events), []byte("\n"))
	for ; len(lines) >= perRequest; lines = lines[perRequest:] {
		t.bodies = append(t.bodies, requestBody(lines[:perRequest]))
	}
	if len(t.bodies) == 0 {
		return nil, fmt.Errorf("dns log: only %d events", len(lines))
	}
	return t, nil
}

func readLog(dir string) ([]byte, error) {
	path := filepath.Join(dir, "dns.json.gz")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		path = filepath.Join(dir, "zeek", "dns.json.gz")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("dns log: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("dns log: %w", err)
	}
	return io.ReadAll(z)
}

// dnsSchema is that of Zeek's dns log.
const dnsSchema = `{"_path":"text","_write_ts":"timestamp","ts":"timestamp","uid":"text",
"id.orig_h":"text","id.orig_p":"int","id.resp_h":"text","id.resp_p":"int","proto":"text","trans_id":"int","rtt":"float",
"query":"text","qclass":"int","qclass_name":"text","qtype":"int","qtype_name":"text","rcode":"int","rcode_name":"text",
"AA":"bool","TC":"bool","RD":"bool","RA":"bool","Z":"int","answers":"json","TTLs":"json","rejected":"bool"}`

func requestBody(lines [][]byte) []byte {
	var body bytes.Buffer
	fmt.Fprintf(&body, `{"family":%q,"schema":%s,"logs":[`, family, dnsSchema)
	body.Write(bytes.Join(lines, []byte(",")))
	body.WriteString(`]}`)
	return body.Bytes()
}

// dnsEvent has the fields of Zeek's dns log.
type dnsEvent struct {
	Path     string    `json:"_path"`
	WriteTS  string    `json:"_write_ts"`
	TS       string    `json:"ts"`
	UID      string    `json:"uid"`
	OrigH    string    `json:"id.orig_h"`
	OrigP    int       `json:"id.orig_p"`
	RespH    string    `json:"id.resp_h"`
	RespP    int       `json:"id.resp_p"`
	Proto    string    `json:"proto"`
	TransID  int       `json:"trans_id"`
	RTT      float64   `json:"rtt,omitempty"`
	Query    string    `json:"query"`
	Class    int       `json:"qclass"`
	ClassNm  string    `json:"qclass_name"`
	Type     int       `json:"qtype"`
	TypeName string    `json:"qtype_name"`
	Code     int       `json:"rcode"`
	CodeName string    `json:"rcode_name"`
	AA       bool      `json:"AA"`
	TC       bool      `json:"TC"`
	RD       bool      `json:"RD"`
	RA       bool      `json:"RA"`
	Z        int       `json:"Z"`
	Answers  []string  `json:"answers,omitempty"`
	TTLs     []float64 `json:"TTLs,omitempty"`
	Rejected bool      `json:"rejected"`
}

// madeUp returns 20,000 events, the same ones every time.
func madeUp() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	hosts := []string{"www", "mail", "api", "cdn", "ise", "login"}
	zones := []string{"example.com", "example.org", "test.example.net", "cpp.example.edu"}
	types := map[int]string{1: "A", 28: "AAAA", 12: "PTR", 15: "MX"}
	codes := []int{1, 1, 1, 28, 12, 15}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for i := range 20_000 {
		ts := fmt.Sprintf("2018-03-24T17:%02d:%02d.%06dZ", i/60%60, i%60, r.IntN(1e6))
		e := dnsEvent{
			Path: "dns", WriteTS: ts, TS: ts, UID: fmt.Sprintf("C%017x", r.Uint64()),
			OrigH: fmt.Sprintf("10.47.%d.%d", r.IntN(256), r.IntN(256)), OrigP: 1024 + r.IntN(64000),
			RespH: "10.0.0.100", RespP: 53, Proto: "udp", TransID: r.IntN(1 << 16),
			Query: hosts[r.IntN(len(hosts))] + "." + zones[r.IntN(len(zones))],
			Class: 1, ClassNm: "C_INTERNET", Type: codes[r.IntN(len(codes))], CodeName: "NOERROR", RD: true,
		}
		e.TypeName = types[e.Type]
		if r.IntN(3) > 0 {
			e.RTT, e.RA = r.Float64()/100, true
			e.Answers = []string{e.Query, fmt.Sprintf("134.71.%d.%d", r.IntN(256), r.IntN(256))}
			e.TTLs = []float64{float64(r.IntN(86400)), 41830.5}
		}
		enc.Encode(e)
	}
	return out.Bytes()
}
