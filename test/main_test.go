package test

import (
	"testing"

	"github.com/kolide/databalancer/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m, buildFlags...) }
