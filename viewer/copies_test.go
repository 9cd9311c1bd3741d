package viewer

import (
	"testing"
	"time"
)

func TestCopies(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	var s copies
	for i, test := range []struct {
		sequence uint32
		by       link
		known    bool
	}{
		{7, byMain, false},
		{7, byTwin, true},
		{7, byMain, false}, // the same once more by the same connection, as from the server's cache
		{8, byTwin, false},
		{8, byMain, true},
		{7 + copiesKept, byMain, false},
		{7, byTwin, false}, // much too late: whether it was opened, the opener knows
		{7 + copiesKept, byTwin, true},
		{1<<32 - 1, byMain, false},
		{copiesKept - 1, byTwin, false}, // the numbers begin anew
		{copiesKept - 1, byMain, true},
	} {
		known, ahead := s.again(start.Add(time.Duration(i)*time.Second), test.by, test.sequence)
		if known != test.known || known && ahead != time.Second && i != 7 {
			t.Errorf("%d: frame %d by %d: known %v, %v ahead", i, test.sequence, test.by, known, ahead)
		}
	}
}
