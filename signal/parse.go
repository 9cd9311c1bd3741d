package signal

import (
	"encoding/binary"
	"time"
)

// Parse reads one envelope. Byte slices of the result share b's memory. Every envelope has exactly one encoding: what Parse takes,
// Append gives back. The error wraps [ErrEnvelope].
func Parse(b []byte) (Envelope, error) {
	if len(b) == 0 || len(b) > MaxEnvelope {
		return nil, ErrEnvelope
	}
	k, body := Kind(b[0]), b[1:]
	e, ok := parseBody(k, body)
	if !ok {
		return nil, malformed(k)
	}
	return e, nil
}

func parseBody(k Kind, b []byte) (Envelope, bool) {
	switch k {
	case KindChallenge:
		if len(b) != challengeLen-1 || b[0] != Version {
			return nil, false
		}
		return &Challenge{Nonce: [32]byte(b[1:])}, true
	case KindLogin:
		return parseLogin(b)
	case KindWelcome:
		return parseWelcome(b)
	case KindPing:
		return &Ping{}, len(b) == 0
	case KindPong:
		return &Pong{}, len(b) == 0
	case KindBye:
		return &Bye{}, len(b) == 0
	case KindRefusal:
		if len(b) != 1 {
			return nil, false
		}
		return &Refusal{Code: Code(b[0])}, true
	case KindKnocks, KindKnock, KindOpened, KindIncoming, KindUnavailable:
		return parseDoor(k, b)
	case KindData, KindClose, KindCredit:
		return parsePipe(k, b)
	case KindPublish, KindSubscribe, KindUnsubscribe, KindFrame, KindRetire:
		return parseRelay(k, b)
	}
	return nil, false
}

func parseLogin(b []byte) (Envelope, bool) {
	if len(b) != loginLen-1 || b[0] != Version {
		return nil, false
	}
	expiry := binary.BigEndian.Uint64(b[34:])
	l := &Login{Role: Role(b[1]), Key: [32]byte(b[2:34]), Expiry: int64(expiry), Signature: [64]byte(b[42:])}
	return l, (l.Role == RoleAgent || l.Role == RoleViewer) && expiry < maxUnixTime
}

func parseWelcome(b []byte) (Envelope, bool) {
	if len(b) < 2 || b[0] != Version || b[1] > MaxICE {
		return nil, false
	}
	w := &Welcome{}
	count, b := int(b[1]), b[2:]
	for range count {
		url, rest, ok := cutText(b)
		if !ok || url == "" {
			return nil, false
		}
		w.ICE, b = append(w.ICE, url), rest
	}
	return w, len(b) == 0
}

// parseDoor reads the envelopes that lead to a pipe.
func parseDoor(k Kind, b []byte) (Envelope, bool) {
	if k == KindKnocks {
		if len(b) < 2 {
			return nil, false
		}
		count := int(binary.BigEndian.Uint16(b))
		if count > MaxKnocks || len(b) != 2+count*32 {
			return nil, false
		}
		e := &Knocks{Hashes: make([][32]byte, count)}
		for i := range e.Hashes {
			e.Hashes[i] = [32]byte(b[2+i*32:])
		}
		return e, true
	}
	if len(b) < 4 {
		return nil, false
	}
	id, b := binary.BigEndian.Uint32(b), b[4:]
	switch k {
	case KindKnock:
		if len(b) != 32+16 {
			return nil, false
		}
		return &Knock{Request: id, Agent: [32]byte(b), Token: [16]byte(b[32:])}, true
	case KindUnavailable:
		return &Unavailable{Request: id}, len(b) == 0
	case KindOpened:
		if len(b) < 4 {
			return nil, false
		}
		turn, ok := parseTURN(b[4:])
		return &Opened{Request: id, Pipe: binary.BigEndian.Uint32(b), TURN: turn}, ok
	case KindIncoming:
		if len(b) < 32 {
			return nil, false
		}
		turn, ok := parseTURN(b[32:])
		return &Incoming{Pipe: id, Hash: [32]byte(b), TURN: turn}, ok
	}
	return nil, false
}

func parsePipe(k Kind, b []byte) (Envelope, bool) {
	if len(b) < 4 {
		return nil, false
	}
	id, b := binary.BigEndian.Uint32(b), b[4:]
	switch k {
	case KindData:
		return &Data{Pipe: id, Bytes: b}, len(b) >= 1 && len(b) <= MaxData
	case KindClose:
		return &ClosePipe{Pipe: id}, len(b) == 0
	case KindCredit:
		if len(b) != 4 {
			return nil, false
		}
		n := binary.BigEndian.Uint32(b)
		return &Credit{Pipe: id, Bytes: n}, n >= 1 && n <= Window
	}
	return nil, false
}

func parseRelay(k Kind, b []byte) (Envelope, bool) {
	if len(b) < 16 {
		return nil, false
	}
	topic, b := Topic(b), b[16:]
	switch k {
	case KindSubscribe:
		if len(b) != 1 || b[0] > 1 {
			return nil, false
		}
		return &Subscribe{Topic: topic, Cached: b[0] == 1}, true
	case KindUnsubscribe:
		return &Unsubscribe{Topic: topic}, len(b) == 0
	case KindRetire:
		return &Retire{Topic: topic}, len(b) == 0
	}
	if len(b) < 5+1 || len(b) > 5+MaxSealed {
		return nil, false
	}
	sequence, flags, sealed := binary.BigEndian.Uint32(b), b[4], b[5:]
	if k == KindPublish {
		return &Publish{Topic: topic, Sequence: sequence, Key: flags&1 != 0, Sealed: sealed}, flags <= 1
	}
	return &RelayFrame{
		Topic: topic, Sequence: sequence, Key: flags&1 != 0, Cached: flags&2 != 0, Sealed: sealed,
	}, flags <= 3
}

// parseTURN reads credentials that fill b exactly.
func parseTURN(b []byte) (TURN, bool) {
	username, b, ok := cutText(b)
	if !ok {
		return TURN{}, false
	}
	password, b, ok := cutText(b)
	if !ok || len(b) != 8 {
		return TURN{}, false
	}
	expiry := binary.BigEndian.Uint64(b)
	if username == "" {
		return TURN{}, password == "" && expiry == 0
	}
	return TURN{Username: username, Password: password, Expires: time.Unix(int64(expiry), 0).UTC()}, expiry < maxUnixTime
}

// cutText takes a text with a one-byte length off the front of b.
func cutText(b []byte) (text string, rest []byte, ok bool) {
	if len(b) < 1 || len(b) < 1+int(b[0]) {
		return "", nil, false
	}
	n := int(b[0])
	return string(b[1 : 1+n]), b[1+n:], true
}
