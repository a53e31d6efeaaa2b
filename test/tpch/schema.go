package tpch

import "math"

// table is one of the eight.
type table struct {
	name string
	ddl  string
	// rows is the number of rows at scale 1; of lineitem, of its orders.
	rows  int
	fixed bool // the same at every scale
	// make appends row n, counted from 0; of lineitem, all rows of order n.
	make func(d *Data, w *writer, n int)
}

// tables stand so that each follows those it refers to.
var tables = []table{
	{name: "region", rows: len(regions), fixed: true, make: makeRegion, ddl: `CREATE TABLE region (
	r_regionkey INT NOT NULL,
	r_name CHAR(25) NOT NULL,
	r_comment VARCHAR(152) NOT NULL,
	PRIMARY KEY (r_regionkey))`},
	{name: "nation", rows: len(nations), fixed: true, make: makeNation, ddl: `CREATE TABLE nation (
	n_nationkey INT NOT NULL,
	n_name CHAR(25) NOT NULL,
	n_regionkey INT NOT NULL,
	n_comment VARCHAR(152) NOT NULL,
	PRIMARY KEY (n_nationkey),
	KEY n_regionkey (n_regionkey))`},
	{name: "supplier", rows: 10_000, make: makeSupplier, ddl: `CREATE TABLE supplier (
	s_suppkey INT NOT NULL,
	s_name CHAR(25) NOT NULL,
	s_address VARCHAR(40) NOT NULL,
	s_nationkey INT NOT NULL,
	s_phone CHAR(15) NOT NULL,
	s_acctbal DECIMAL(15,2) NOT NULL,
	s_comment VARCHAR(101) NOT NULL,
	PRIMARY KEY (s_suppkey),
	KEY s_nationkey (s_nationkey))`},
	{name: "part", rows: 200_000, make: makePart, ddl: `CREATE TABLE part (
	p_partkey INT NOT NULL,
	p_name VARCHAR(55) NOT NULL,
	p_mfgr CHAR(25) NOT NULL,
	p_brand CHAR(10) NOT NULL,
	p_type VARCHAR(25) NOT NULL,
	p_size INT NOT NULL,
	p_container CHAR(10) NOT NULL,
	p_retailprice DECIMAL(15,2) NOT NULL,
	p_comment VARCHAR(23) NOT NULL,
	PRIMARY KEY (p_partkey))`},
	{name: "partsupp", rows: suppliersAPart * 200_000, make: makePartsupp, ddl: `CREATE TABLE partsupp (
	ps_partkey INT NOT NULL,
	ps_suppkey INT NOT NULL,
	ps_availqty INT NOT NULL,
	ps_supplycost DECIMAL(15,2) NOT NULL,
	ps_comment VARCHAR(199) NOT NULL,
	PRIMARY KEY (ps_partkey, ps_suppkey),
	KEY ps_suppkey (ps_suppkey))`},
	{name: "customer", rows: 150_000, make: makeCustomer, ddl: `CREATE TABLE customer (
	c_custkey INT NOT NULL,
	c_name VARCHAR(25) NOT NULL,
	c_address VARCHAR(40) NOT NULL,
	c_nationkey INT NOT NULL,
	c_phone CHAR(15) NOT NULL,
	c_acctbal DECIMAL(15,2) NOT NULL,
	c_mktsegment CHAR(10) NOT NULL,
	c_comment VARCHAR(117) NOT NULL,
	PRIMARY KEY (c_custkey),
	KEY c_nationkey (c_nationkey))`},
	{name: "orders", rows: 1_500_000, make: makeOrder, ddl: `CREATE TABLE orders (
	o_orderkey INT NOT NULL,
	o_custkey INT NOT NULL,
	o_orderstatus CHAR(1) NOT NULL,
	o_totalprice DECIMAL(15,2) NOT NULL,
	o_orderdate DATE NOT NULL,
	o_orderpriority CHAR(15) NOT NULL,
	o_clerk CHAR(15) NOT NULL,
	o_shippriority INT NOT NULL,
	o_comment VARCHAR(79) NOT NULL,
	PRIMARY KEY (o_orderkey),
	KEY o_custkey (o_custkey))`},
	{name: "lineitem", rows: 1_500_000, make: makeLines, ddl: `CREATE TABLE lineitem (
	l_orderkey INT NOT NULL,
	l_partkey INT NOT NULL,
	l_suppkey INT NOT NULL,
	l_linenumber INT NOT NULL,
	l_quantity DECIMAL(15,2) NOT NULL,
	l_extendedprice DECIMAL(15,2) NOT NULL,
	l_discount DECIMAL(15,2) NOT NULL,
	l_tax DECIMAL(15,2) NOT NULL,
	l_returnflag CHAR(1) NOT NULL,
	l_linestatus CHAR(1) NOT NULL,
	l_shipdate DATE NOT NULL,
	l_commitdate DATE NOT NULL,
	l_receiptdate DATE NOT NULL,
	l_shipinstruct CHAR(25) NOT NULL,
	l_shipmode CHAR(10) NOT NULL,
	l_comment VARCHAR(44) NOT NULL,
	PRIMARY KEY (l_orderkey, l_linenumber),
	KEY l_partkey_suppkey (l_partkey, l_suppkey),
	KEY l_suppkey (l_suppkey))`},
}

// Tables returns the names of the tables, each after those it refers to.
func Tables() []string {
	names := make([]string, len(tables))
	for i := range tables {
		names[i] = tables[i].name
	}
	return names
}

// named returns the table of the name, or nil.
func named(name string) *table {
	for i := range tables {
		if tables[i].name == name {
			return &tables[i]
		}
	}
	return nil
}

// count is the table's number of rows at the scale; of lineitem, of its
// orders. Every table has rows at any scale.
func (t *table) count(scale float64) int {
	if t.fixed {
		return t.rows
	}
	unit := 1
	if t.name == "partsupp" {
		unit = suppliersAPart
	}
	return unit * max(minRows, int(math.Round(scale*float64(t.rows/unit))))
}

// minRows is what a table has at the smallest scale: four suppliers a part
// need as many.
const minRows = 8
