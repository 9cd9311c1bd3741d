package rtp

import (
	"encoding/binary"

	"github.com/sealcam/sealcam/transport/erasure"
)

// Where packets get lost, a frame is cut into shards, each in a packet that looks like a whole VP8 frame, so that the browser hands it over
// whatever became of the others; and some packets of parity let the viewer make up for lost ones without asking.
const (
	shardOverhead = lookAlikeSize + 1 + 4 + 4 + 2
	shardSize     = 1160 - shardOverhead // bytes of a shard at most, as much as fits a packet
	blockShards   = 24                   // of data in a block at most
	maxSharded    = 256 << 10            // bytes of a frame that is cut like this; larger ones go whole
)

// cut is how sealed bytes become shards. Shard i belongs to block i mod blocks, so that packets lost in a row are of different blocks.
type cut struct {
	length int // of all
	shards int // of data
	size   int // of each but the last, and of parity
	blocks int
}

// cutOf cuts so many bytes, from 1 to maxSharded.
func cutOf(length int) cut {
	c := cut{length: length, shards: (length + shardSize - 1) / shardSize}
	c.size = (length + c.shards - 1) / c.shards
	c.blocks = (c.shards + blockShards - 1) / blockShards
	return c
}

// bounds returns where a shard of data begins and ends.
func (c *cut) bounds(shard int) (from, to int) {
	return shard * c.size, min((shard+1)*c.size, c.length)
}

// rows returns how many shards of data a block has.
func (c *cut) rows(block int) int { return (c.shards - block + c.blocks - 1) / c.blocks }

// total is the number of packets with so many rows of parity. The shards of parity are numbered behind those of data, row by row.
func (c *cut) total(parity int) int { return c.shards + parity*c.blocks }

// sizeOf returns the bytes of a packet's shard, data or parity.
func (c *cut) sizeOf(index int) int {
	if index >= c.shards {
		return c.size
	}
	from, to := c.bounds(index)
	return to - from
}

// parityOf makes rows of parity for the sealed bytes.
func (c *cut) parityOf(sealed []byte, rows int) [][]byte {
	parity := make([][]byte, rows*c.blocks)
	room := make([]byte, len(parity)*c.size)
	for i := range parity {
		parity[i] = room[i*c.size : (i+1)*c.size]
	}
	data, out := make([][]byte, 0, blockShards), make([][]byte, rows)
	for block := range c.blocks {
		data = data[:0]
		for i := block; i < c.shards; i += c.blocks {
			from, to := c.bounds(i)
			data = append(data, padded(sealed[from:to], c.size))
		}
		for row := range out {
			out[row] = parity[row*c.blocks+block]
		}
		erasure.Encode(out, data)
	}
	return parity
}

// padded returns the bytes as a shard of full size: the frame's last one is shorter.
func padded(b []byte, size int) []byte {
	if len(b) == size {
		return b
	}
	return append(make([]byte, 0, size), b...)[:size]
}

// appendShardHeader appends everything that stands before a shard.
func appendShardHeader(b []byte, camera uint8, number, length uint32, index uint16) []byte {
	// A key frame, because some receivers wait for one; bits 5 to 7 of the tag belong to a size and tell it from a whole frame.
	b = append(b, shardTag, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x07, 0x38, 0x04)
	b = append(b, camera)
	b = binary.BigEndian.AppendUint32(b, number)
	b = binary.BigEndian.AppendUint32(b, length)
	return binary.BigEndian.AppendUint16(b, index)
}

// shardTag is the first byte of a shard's look-alike.
const shardTag = 0x30

// shard is a packet that was taken apart.
type shard struct {
	camera uint8
	number uint32
	cut    cut
	index  int
	data   []byte // aliases what it was parsed from
}

// isShard tells shards from whole frames.
func isShard(data []byte) bool { return len(data) > 0 && data[0] == shardTag }

// parseShard takes a shard apart. What it says of itself is consistent, and its number is not 0.
func parseShard(data []byte) (s shard, err error) {
	if len(data) <= shardOverhead || data[0] != shardTag || data[3] != 0x9d || data[4] != 0x01 || data[5] != 0x2a {
		return s, ErrFrame
	}
	length := binary.BigEndian.Uint32(data[15:])
	if length == 0 || length > maxSharded {
		return s, ErrFrame
	}
	s = shard{
		camera: data[10], number: binary.BigEndian.Uint32(data[11:]), cut: cutOf(int(length)),
		index: int(binary.BigEndian.Uint16(data[19:])), data: data[shardOverhead:],
	}
	if s.number == 0 || s.index >= s.cut.total(erasure.MaxParity) || len(s.data) != s.cut.sizeOf(s.index) {
		return s, ErrFrame
	}
	return s, nil
}
