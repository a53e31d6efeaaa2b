package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

// dnsSchema is the schema of Zeek's dns log.
const dnsSchema = `{"_path":"string","_write_ts":"timestamp","ts":"timestamp","uid":"string","id.orig_h":"string","id.orig_p":"int","id.resp_h":"string","id.resp_p":"int","proto":"string","trans_id":"int","rtt":"float","query":"string","qclass":"int","qclass_name":"string","qtype":"int","qtype_name":"string","rcode":"int","rcode_name":"string","AA":"bool","TC":"bool","RD":"bool","RA":"bool","Z":"int","answers":"json","TTLs":"json","rejected":"bool"}`

// dnsRequests returns requests of n dns events each, made of the sample data.
func dnsRequests(b *testing.B, n int) [][]byte {
	b.Helper()
	file, err := os.Open(filepath.Join(os.Getenv("DATABALANCER_TEST_DATA"), "zeek", "dns.json.gz"))
	if err != nil {
		b.Skipf("SKIPPED: DATABALANCER_TEST_DATA names no folder with zeek/dns.json.gz: %v", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(unzipped)
	var requests [][]byte
	var events [][]byte
	for lines.Scan() {
		events = append(events, bytes.Clone(lines.Bytes()))
		if len(events) == n {
			body := `{"family":"dns","schema":` + dnsSchema + `,"logs":[` + string(bytes.Join(events, []byte(","))) + `]}`
			requests = append(requests, []byte(body))
			events = events[:0]
		}
	}
	if err := lines.Err(); err != nil {
		b.Fatal(err)
	}
	return requests
}

func BenchmarkDecode(b *testing.B) {
	requests := dnsRequests(b, 1000)
	var r rows
	b.SetBytes(int64(len(requests[0])))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		req, err := parseRequest(requests[i%len(requests)])
		if err != nil {
			b.Fatal(err)
		}
		r.reset(req.body)
		fields := newFieldSet(req.fields, (*catalog.Table)(nil))
		if _, err := decode(&r, req.logs, fields, true, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPut stores the sample's dns events over and over. Its case of
// 1,000 events a request from four clients is the one to compare with
// BenchmarkLoadData.
func BenchmarkPut(b *testing.B) {
	for _, bb := range []struct{ clients, events int }{{1, 1000}, {4, 1000}, {64, 1}} {
		b.Run(fmt.Sprintf("clients=%d/events=%d", bb.clients, bb.events), func(b *testing.B) {
			requests := dnsRequests(b, bb.events)
			f := newFixture(b, 1)
			f.put(b, string(requests[0]))
			var next atomic.Int64
			var clients sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range bb.clients {
				clients.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						if _, err := f.Put(b.Context(), requests[i%int64(len(requests))]); err != nil {
							b.Error(err)
						}
					}
				})
			}
			clients.Wait()
			b.ReportMetric(float64(b.N*bb.events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkLoadData has the server load the same rows from its own files,
// 53,000 in each round.
func BenchmarkLoadData(b *testing.B) {
	f := newFixture(b, 1)
	for _, r := range dnsRequests(b, 1000) {
		f.put(b, string(r))
	}
	db := f.db(b, "dns")
	dir := b.TempDir()
	os.Chmod(dir, 0o777)
	columns := "(_path,_write_ts,ts,uid,`id.orig_h`,`id.orig_p`,`id.resp_h`,`id.resp_p`,proto,trans_id,rtt,query,qclass,qclass_name,qtype,qtype_name,rcode,rcode_name,AA,TC,RD,RA,Z,answers,TTLs,rejected)"
	localtest.Exec(b, db, "SELECT "+columns[1:len(columns)-1]+" INTO OUTFILE '"+dir+"/dns' FROM dns",
		"SELECT family, log INTO OUTFILE '"+dir+"/raw' FROM raw_logs",
		"CREATE TABLE dns2 LIKE dns", "CREATE TABLE raw2 LIKE raw_logs")
	n := f.count(b, "dns", "dns")
	for b.Loop() {
		localtest.Exec(b, db, "START TRANSACTION",
			"LOAD DATA INFILE '"+dir+"/dns' INTO TABLE dns2 CHARACTER SET utf8mb4 "+columns,
			"LOAD DATA INFILE '"+dir+"/raw' INTO TABLE raw2 CHARACTER SET utf8mb4 (family, log)",
			"COMMIT")
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "events/s")
}
