//go:build race

package test

// buildFlags give the program the race detector, as the tests have it.
var buildFlags = []string{"-race"}
