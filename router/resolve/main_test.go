package resolve

import (
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

func TestMain(m *testing.M) { localtest.Main(m) }
