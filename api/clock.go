package api

import (
	"sync"
	"time"
)

// tickAfter is the time between two ticks. A stream is told of every second
// one, so rows wait no longer than twice this.
const tickAfter = 100 * time.Millisecond

// clock tells streams to send what they have. They share one timer: most are
// gone before it fires, and one for each would wake, at every query, the
// thread that waits for the network, to tell it of an earlier timer.
type clock struct {
	mu      sync.Mutex
	ticks   map[*stream]int // since the stream was added
	running bool            // the timer is
}

func (c *clock) add(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ticks == nil {
		c.ticks = map[*stream]int{}
	}
	if _, ok := c.ticks[s]; !ok {
		c.ticks[s] = 0
	}
	if !c.running {
		c.running = true
		time.AfterFunc(tickAfter, c.tick)
	}
}

func (c *clock) remove(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ticks, s)
}

// tick tells the streams, each in a goroutine of its own, since a client may
// take its time; the stream's close waits for that one.
func (c *clock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.ticks {
		c.ticks[s]++
		if c.ticks[s]%2 == 0 {
			go s.tick()
		}
	}
	if c.running = len(c.ticks) > 0; c.running {
		time.AfterFunc(tickAfter, c.tick)
	}
}
