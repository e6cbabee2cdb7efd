package workload

import (
	"encoding/hex"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func TestPayloadIsTheMapItClaims(t *testing.T) {
	for _, i := range []uint64{0, 1, 3, 4, 127, 128, 255, 256, 1771, 1772, 65535, 65536, 999_999, 200_000_000} {
		var got struct {
			Amount uint64 `msgpack:"amount"`
			N      uint64 `msgpack:"n"`
			Note   string `msgpack:"note"`
		}
		if err := msgpack.Unmarshal(AppendPayload(nil, i), &got); err != nil {
			t.Fatalf("payload of event %d: %v", i, err)
		}
		if got.Amount != 37*i || got.N != i || got.Note != "transfer" {
			t.Errorf("payload of event %d decodes to %+v", i, got)
		}
	}
	// What batpak 0.4.0 wrote for event 0.
	const zero = "83a6616d6f756e7400a16e00a46e6f7465a87472616e73666572"
	if got := hex.EncodeToString(AppendPayload(nil, 0)); got != zero {
		t.Errorf("payload of event 0 is %s, want %s", got, zero)
	}
}

func TestEntitiesAndKindsAreSpreadEvenly(t *testing.T) {
	const n = 50_000
	entities, kinds := map[string]int{}, map[uint16]int{}
	for i := range uint64(n) {
		entities[Entity(i, n)]++
		kinds[Kind(i)]++
	}
	if len(entities) != n/eventsPerEntity {
		t.Errorf("%d entities, want %d", len(entities), n/eventsPerEntity)
	}
	for name, count := range entities {
		if count != eventsPerEntity {
			t.Errorf("%s has %d events, want %d", name, count, eventsPerEntity)
		}
	}
	if len(kinds) != 8 {
		t.Errorf("%d kinds, want 8", len(kinds))
	}
	for kind, count := range kinds {
		if count < n/10 || count > n/6 {
			t.Errorf("kind %#04x has %d of %d events", kind, count, n)
		}
	}
}

func TestOrderIsAMapOfTheSizeItClaims(t *testing.T) {
	for i := range uint64(10_000) {
		i *= 7919
		var got struct {
			N    uint64 `msgpack:"n"`
			Ref  string `msgpack:"ref"`
			Text string `msgpack:"text"`
		}
		b := AppendOrder([]byte("x"), i)[1:]
		if err := msgpack.Unmarshal(b, &got); err != nil {
			t.Fatalf("payload of event %d: %v", i, err)
		}
		if got.N != i || len(got.Ref) != 16 || len(got.Text) < 64 {
			t.Errorf("payload of event %d decodes to %+v", i, got)
		}
		if len(b) < 120 || len(b) > 200 {
			t.Errorf("payload of event %d has %d bytes", i, len(b))
		}
	}
}
