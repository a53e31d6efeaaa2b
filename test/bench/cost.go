package main

import (
	"fmt"
	"time"
)

// cost is what the storing or reading of rows took.
type cost struct {
	rows            int
	took            time.Duration
	program, server time.Duration // CPU time
}

func (c *cost) add(d cost) {
	c.rows += d.rows
	c.took += d.took
	c.program += d.program
	c.server += d.server
}

func (c *cost) rate() float64        { return float64(c.rows) / c.took.Seconds() }
func (c *cost) total() time.Duration { return c.program + c.server }

// perRow returns a time's share of each row, in µs.
func (c *cost) perRow(d time.Duration) float64 {
	return float64(d.Microseconds()) / float64(c.rows)
}

// costOf measures what f takes, which returns the number of rows it handled.
func (b *single) costOf(f func() (rows int, err error)) (cost, error) {
	before, err := b.cpu()
	if err != nil {
		return cost{}, err
	}
	began := time.Now()
	rows, err := f()
	if err != nil {
		return cost{}, err
	}
	took := time.Since(began)
	after, err := b.cpu()
	if err != nil {
		return cost{}, err
	}
	return cost{rows, took, after.program - before.program, after.server - before.server}, nil
}

// cpu returns the CPU time so far of the program and the server.
func (b *single) cpu() (c cost, err error) {
	pid, err := b.cluster.PID(1)
	if err != nil {
		return c, fmt.Errorf("the server's process: %w", err)
	}
	if c.server, err = cpuTime(pid); err != nil {
		return c, err
	}
	c.program, err = cpuTime(b.program.PID())
	return c, err
}

// cpuOfServer begins the names of measures.
func (b *bed) cpuOfServer() string { return "CPU of " + b.server.Kind.String() }
