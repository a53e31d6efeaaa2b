package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// printGrants prints the statements that give the accounts of the flags the
// rights that they need, for the kind of server that the first address is.
// Where the flags name no account but root, which is the default, it names
// some.
func printGrants(ctx context.Context, o *options, w io.Writer) error {
	if o.local > 0 {
		return fmt.Errorf("-local: managed servers have no accounts but root")
	}
	address := o.catalogServer()
	info, err := shard.Greeting(ctx, o.shardConfig(nil), address)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "-- For %s, as at %s. Another host than %% is better where you know it.\n", info, address)
	for _, a := range o.accounts() {
		fmt.Fprintf(w, "\n-- %s\n", a.what)
		account := server.QuoteAccount(a.name, "%")
		fmt.Fprintf(w, "-- CREATE USER %s IDENTIFIED BY '…';\n", account)
		for _, statement := range server.Grants(a.rights(info, o.mysqlDatabase), account) {
			fmt.Fprintf(w, "%s;\n", statement)
		}
	}
	fmt.Fprintf(w, "\n-- For each registered table of another database, on its shard:\n-- GRANT SELECT ON other.table_name TO %s;\n",
		server.QuoteAccount(o.accounts()[len(o.accounts())-1].name, "%"))
	return nil
}

// grantee is an account with what it is for.
type grantee struct {
	name  string
	what  string
	roles []server.Role
}

func (g *grantee) rights(info server.Info, database string) (rights []server.Right) {
	for _, role := range g.roles {
		rights = append(rights, info.Rights(role, database, database+catalog.DatabaseSuffix)...)
	}
	return rights
}

// accounts are the accounts that the flags name, the one for queries last. One
// that is named for several roles is there once.
func (o *options) accounts() []*grantee {
	writing, keeping, asking := o.mysqlUsername, cmp.Or(o.catalogUsername, o.mysqlUsername), cmp.Or(o.queryUsername, o.mysqlUsername)
	if writing == "root" {
		writing, keeping, asking = "databalancer", cmp.Or(o.catalogUsername, "databalancer_catalog"), cmp.Or(o.queryUsername, "databalancer_query")
	}
	named := []struct {
		name, what string
		role       server.Role
	}{
		{writing, "writes to the shards (-mysql_username)", server.ForWriting},
		{keeping, "keeps the catalog, on its server (-catalog_username)", server.ForCatalog},
		{asking, "answers queries, on every shard and server for gathering (-mysql_query_username)", server.ForQuerying},
	}
	var all []*grantee
	for _, n := range named {
		i := slices.IndexFunc(all, func(g *grantee) bool { return g.name == n.name })
		if i < 0 {
			all = append(all, &grantee{name: n.name, what: n.what, roles: []server.Role{n.role}})
			continue
		}
		all[i].what += "; " + n.what
		all[i].roles = append(all[i].roles, n.role)
	}
	return all
}
