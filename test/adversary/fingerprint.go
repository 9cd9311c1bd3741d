package adversary

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/sealcam/sealcam/e2ee/seal"
	"github.com/sealcam/sealcam/viewer/gate"
)

// fingerprint identifies everything that a receiver will ever act on, down to the unexported fields of the parts that it is made of.
// Two receivers with one fingerprint behave alike from there on, so that one of them need not be followed.
func fingerprint(r *receiver) [sha256.Size]byte {
	p := printer{seen: map[uintptr]int{}}
	p.value(reflect.ValueOf(r).Elem())
	return sha256.Sum256(p.b)
}

type printer struct {
	b    []byte
	seen map[uintptr]int // pointers in the order of their first visit
}

// skipped lists what nothing depends on: counters, locks, and what is the same in all receivers or follows from an epoch's key.
var skipped = map[reflect.Type]bool{
	reflect.TypeFor[seal.Stats]():     true,
	reflect.TypeFor[gate.Stats]():     true,
	reflect.TypeFor[sync.Mutex]():     true,
	reflect.TypeFor[*time.Location](): true,
	reflect.TypeFor[*world]():         true,
	bindingType:                       true,
}

// bindingType is seal's cipher of a stream in an epoch, with a scratch buffer.
var bindingType = func() reflect.Type {
	sealer := reflect.TypeFor[seal.Sealer]()
	f, ok := sealer.FieldByName("binding")
	if !ok {
		panic("adversary: seal.Sealer has no binding any more: say here what holds the cipher")
	}
	return f.Type
}()

func (p *printer) number(n uint64) { p.b = binary.AppendUvarint(p.b, n) }

func (p *printer) value(v reflect.Value) {
	if skipped[v.Type()] {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		p.number(map[bool]uint64{true: 1}[v.Bool()])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.number(v.Uint())
	case reflect.String:
		p.number(uint64(v.Len()))
		p.b = append(p.b, v.String()...)
	case reflect.Slice, reflect.Array:
		p.number(uint64(v.Len()))
		for i := range v.Len() {
			p.value(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			p.value(v.Field(i))
		}
	case reflect.Pointer:
		p.pointer(v)
	case reflect.Func:
		p.number(map[bool]uint64{true: 1}[v.IsNil()])
	default:
		panic(fmt.Sprintf("adversary: a receiver holds a %v, whose fingerprint is not defined", v.Type()))
	}
}

func (p *printer) pointer(v reflect.Value) {
	if v.IsNil() {
		p.number(0)
		return
	}
	at, known := p.seen[v.Pointer()]
	if known {
		p.number(uint64(at) + 2)
		return
	}
	p.seen[v.Pointer()] = len(p.seen)
	p.number(1)
	p.value(v.Elem())
}
