package erasure_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/sealcam/sealcam/transport/erasure"
)

func shards(r *rand.Rand, n, size int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, size)
		for j := range all[i] {
			all[i][j] = byte(r.Uint32())
		}
	}
	return all
}

// Whatever MaxParity shards of a block are lost, of data or of parity, the data comes back.
func TestEveryLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 8, erasure.MaxData} {
		for k := 1; k <= erasure.MaxParity; k++ {
			if n == erasure.MaxData && k > 2 {
				continue // all of them take too long: see TestLossesOfLargeBlocks
			}
			data, parity := shards(r, n, 5), shards(r, k, 5) // what was in parity is of no account
			erasure.Encode(parity, data)
			total := n + k
			lost := make([]int, k)
			var tryAll func(at, from int)
			tryAll = func(at, from int) {
				if at < k {
					for lost[at] = from; lost[at] < total; lost[at]++ {
						tryAll(at+1, lost[at]+1)
					}
					return
				}
				left := append(append([][]byte(nil), data...), parity...)
				for _, i := range lost {
					left[i] = nil
				}
				if !erasure.Reconstruct(left[:n], left[n:]) {
					t.Fatalf("%d+%d without %v: not reconstructed", n, k, lost)
				}
				for i := range data {
					if !bytes.Equal(left[i], data[i]) {
						t.Fatalf("%d+%d without %v: shard %d is wrong", n, k, lost, i)
					}
				}
			}
			tryAll(0, 0)
		}
	}
}

func TestLossesOfLargeBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	data, parity := shards(r, erasure.MaxData, 5), shards(r, erasure.MaxParity, 5)
	erasure.Encode(parity, data)
	for range 3000 {
		left := append(append([][]byte(nil), data...), parity...)
		lost := r.Perm(len(left))[:erasure.MaxParity]
		for _, i := range lost {
			left[i] = nil
		}
		if !erasure.Reconstruct(left[:len(data)], left[len(data):]) {
			t.Fatalf("without %v: not reconstructed", lost)
		}
		for i := range data {
			if !bytes.Equal(left[i], data[i]) {
				t.Fatalf("without %v: shard %d is wrong", lost, i)
			}
		}
	}
}

func TestTooMuchLost(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	data, parity := shards(r, 6, 9), shards(r, 2, 9)
	erasure.Encode(parity, data)
	left := [][]byte{data[0], nil, data[2], nil, data[4], data[5]}
	if erasure.Reconstruct(left, [][]byte{nil, parity[1]}) || left[1] != nil || left[3] != nil {
		t.Error("two of six shards came back from one of parity")
	}
	if !erasure.Reconstruct(data, nil) {
		t.Error("nothing is missing, yet it needs parity")
	}
}

// The first parity is the plain XOR; the second one pins the matrix, on which both ends must agree.
func TestKnownParity(t *testing.T) {
	data := [][]byte{{0x01, 0x80}, {0x02, 0x40}, {0x04, 0xff}}
	parity := [][]byte{make([]byte, 2), make([]byte, 2), make([]byte, 2)}
	erasure.Encode(parity, data)
	want := [][]byte{{0x07, 0x3f}, {0x6b, 0x2f}, {0x6b, 0xdc}}
	for i := range want {
		if !bytes.Equal(parity[i], want[i]) {
			t.Errorf("parity %d is %x, want %x", i, parity[i], want[i])
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 6))
	data, parity := shards(r, 11, 1139), shards(r, 3, 1139)
	b.SetBytes(11 * 1139)
	for b.Loop() {
		erasure.Encode(parity, data)
	}
}

func BenchmarkReconstruct(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	data, parity := shards(r, 11, 1139), shards(r, 2, 1139)
	erasure.Encode(parity, data)
	b.SetBytes(11 * 1139)
	for b.Loop() {
		left := append([][]byte(nil), data...)
		left[3], left[7] = nil, nil
		erasure.Reconstruct(left, parity)
	}
}
