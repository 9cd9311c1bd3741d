package rtp

import (
	"strconv"
	"strings"
)

const slotPrefix = "slot-"

// slotName is the stream id of a slot's track. Viewers find the slot by it, because browsers keep stream ids but not track ids.
func slotName(slot int) string { return slotPrefix + strconv.Itoa(slot) }

// slotOf is the inverse of slotName.
func slotOf(stream string) (int, bool) {
	n, ok := strings.CutPrefix(stream, slotPrefix)
	slot, err := strconv.Atoi(n)
	return slot, ok && err == nil && slot >= 0 && slot < MaxSlots && slotName(slot) == stream
}
