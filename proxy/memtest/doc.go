// Package memtest serves preloaded tables over the MySQL protocol from
// memory, for tests of proxy and api that need a server's wire format but no
// server. It is built with the tag gms_pure_go only, and belongs in no
// program: the engine behind it differs from MySQL in many answers, and loses
// rows when several connections write. So a test gives it all its rows before
// it connects, and only reads from then on.
package memtest
