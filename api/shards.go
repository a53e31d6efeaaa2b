package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// pingTimeout bounds how long an answer waits for a server's ping.
const pingTimeout = 2 * time.Second

// shardInfo is a shard as the API shows it. Rows and bytes are estimates of
// the last refresh of the sizes.
type shardInfo struct {
	Name      string             `json:"name"`
	Address   string             `json:"address"`
	State     catalog.ShardState `json:"state"`
	Weight    float64            `json:"weight"`
	Server    string             `json:"server"` // empty: never reached
	Families  int                `json:"families"`
	Rows      int64              `json:"rows"`
	Bytes     int64              `json:"bytes"`
	LatencyMS *float64           `json:"latency_ms"`      // null: no answer
	Error     string             `json:"error,omitempty"` // a problem's code
}

func (a *API) getShards(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	snap := a.newest(r.Context())
	families := familiesByShard(snap)
	shards := snap.Shards()
	infos := make([]shardInfo, len(shards))
	var asked sync.WaitGroup
	for i := range shards {
		asked.Go(func() { infos[i] = a.shardInfo(r.Context(), &shards[i], families[shards[i].Name]) })
	}
	asked.Wait()
	return a.writeJSON(w, http.StatusOK, struct {
		Shards []shardInfo `json:"shards"`
	}{infos})
}

func familiesByShard(snap *catalog.Snapshot) map[string]int {
	count := map[string]int{}
	for t := range snap.Tables {
		if t.Kind != catalog.Family {
			continue
		}
		for _, p := range t.Placements {
			count[p.Shard]++
		}
	}
	return count
}

// shardInfo pings a shard and describes it.
func (a *API) shardInfo(ctx context.Context, s *catalog.Shard, families int) shardInfo {
	info := shardInfo{
		Name: s.Name, Address: s.Address, State: s.State, Weight: s.Weight,
		Families: families, Rows: s.Rows, Bytes: s.Bytes,
	}
	latency, found, err := a.ping(ctx, s.Name)
	if err != nil {
		info.Error = string(problemOf(err).Code)
		return info
	}
	ms := float64(latency.Microseconds()) / 1000
	info.LatencyMS = &ms
	info.Server = found.String()
	return info
}

func (a *API) ping(ctx context.Context, name string) (time.Duration, server.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	sh, err := a.cfg.Shards.Shard(name)
	if err != nil {
		return 0, server.Info{}, err
	}
	latency, err := sh.Ping(ctx)
	if err != nil {
		return 0, server.Info{}, err
	}
	found, err := sh.Server(ctx)
	return latency, found, err
}

// shardName reads a shard's name from the path. It may contain slashes.
func shardName(p httprouter.Params) string {
	return strings.TrimPrefix(p.ByName("shard"), "/")
}

// putShard adds a shard, or changes the weight or the address of a known one.
func (a *API) putShard(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	var body struct {
		Address string   `json:"address"`
		Weight  *float64 `json:"weight"`
	}
	if err := a.decode(w, r, &body); err != nil {
		return err
	}
	name := shardName(p)
	switch {
	case name == "":
		return invalidArgument("the path must end with the shard's name")
	case body.Address == "":
		return invalidArgument("address must be host:port or the path of a unix socket")
	case body.Weight != nil && !(*body.Weight > 0 && *body.Weight <= catalog.MaxWeight):
		return invalidArgument("weight must be above 0, and at most %g", float64(catalog.MaxWeight))
	}
	weight := 0.0
	if body.Weight != nil {
		weight = *body.Weight
	}
	s, err := a.cfg.Join(r.Context(), name, body.Address, weight)
	if err != nil {
		return joinError(err)
	}
	return a.writeShard(w, r, s)
}

// joinError words the refusal of a server for the one who offers it.
func joinError(err error) error {
	var identity *shard.IdentityError
	if errors.As(err, &identity) {
		return fault.New(fault.IdentityConflict, "%s", identity.Error()).With(fault.Facts{Shard: identity.Shard})
	}
	return err
}

// patchShard changes a shard's state.
func (a *API) patchShard(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	var body struct {
		State catalog.ShardState `json:"state"`
	}
	if err := a.decode(w, r, &body); err != nil {
		return err
	}
	if body.State != catalog.Active && body.State != catalog.ReadOnly {
		return invalidArgument("state must be active or readonly")
	}
	name := shardName(p)
	if err := a.cfg.Catalog.SetShardState(r.Context(), name, body.State); err != nil {
		return err
	}
	s, ok := a.cfg.Catalog.Snapshot().Shard(name)
	if !ok {
		return catalog.ErrUnknownShard
	}
	return a.writeShard(w, r, s)
}

func (a *API) writeShard(w http.ResponseWriter, r *http.Request, s *catalog.Shard) error {
	families := familiesByShard(a.cfg.Catalog.Snapshot())
	return a.writeJSON(w, http.StatusOK, a.shardInfo(r.Context(), s, families[s.Name]))
}
