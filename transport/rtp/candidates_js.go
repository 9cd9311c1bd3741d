package rtp

import "syscall/js"

// Candidates returns the kinds of the two ICE candidates in use: "host", "srflx", "prflx" or "relay"; empty if there is no path. It waits
// for the browser, so it must not be called inside a js.Func.
func (r *Receiver) Candidates() (local, remote string) {
	stats, err := r.settle(func() js.Value { return r.pc.JSValue().Call("getStats") })
	if err != nil {
		return "", ""
	}
	return candidateKinds(stats)
}

// candidateKinds finds the pair in use (W3C WebRTC Statistics §8.19, §8.20): the transport names it, except in Firefox, which marks it.
func candidateKinds(stats js.Value) (local, remote string) {
	get := func(id js.Value) js.Value { return stats.Call("get", id) }
	var named, marked js.Value
	all := js.Global().Get("Array").Call("from", stats.Call("values"))
	for i := range all.Length() {
		switch s := all.Index(i); s.Get("type").String() {
		case "transport":
			if id := s.Get("selectedCandidatePairId"); id.Truthy() {
				named = get(id)
			}
		case "candidate-pair":
			if s.Get("selected").Truthy() {
				marked = s
			}
		}
	}
	pair := named
	if !pair.Truthy() {
		pair = marked
	}
	if !pair.Truthy() {
		return "", ""
	}
	return kindOf(get(pair.Get("localCandidateId"))), kindOf(get(pair.Get("remoteCandidateId")))
}

func kindOf(candidate js.Value) string {
	if !candidate.Truthy() {
		return ""
	}
	if kind := candidate.Get("candidateType"); kind.Type() == js.TypeString {
		return kind.String()
	}
	return ""
}
