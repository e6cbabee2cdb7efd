package payload

import (
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"
)

type benchLine struct {
	SKU   string  `msgpack:"sku"`
	Qty   uint16  `msgpack:"qty"`
	Price float64 `msgpack:"price"`
}

type benchOrder struct {
	ID      string            `msgpack:"id"`
	Number  int64             `msgpack:"number"`
	Placed  time.Time         `msgpack:"placed"`
	Paid    bool              `msgpack:"paid"`
	Total   float64           `msgpack:"total"`
	Lines   []benchLine       `msgpack:"lines"`
	Tags    []string          `msgpack:"tags"`
	Labels  map[string]string `msgpack:"labels"`
	Address *benchAddress     `msgpack:"address"`
	Blob    []byte            `msgpack:"blob"`
	Note    string            `msgpack:"note,omitempty"`
}

type benchAddress struct {
	Street, City, Country string
	Zip                   int
}

type benchSmall struct {
	Amount int    `msgpack:"amount"`
	N      int    `msgpack:"n"`
	Note   string `msgpack:"note"`
}

type benchOmits struct {
	Amount int       `msgpack:"amount"`
	At     time.Time `msgpack:"at"`
	Who    string    `msgpack:"who,omitempty"`
	Empty  string    `msgpack:"empty,omitempty"`
	Parts  []int     `msgpack:"parts,omitempty"`
}

// benchValues are values as applications append them.
func benchValues() map[string]any {
	at := time.Unix(1_790_000_000, 123_456_789).UTC()
	order := benchOrder{
		ID: "order-000042", Number: 1 << 40, Placed: at, Paid: true, Total: 129.95,
		Tags: []string{"new", "gift", "express"}, Labels: map[string]string{"channel": "web", "tenant": "eu", "campaign": "spring"},
		Address: &benchAddress{"Long Street 5", "Berlin", "DE", 10115}, Blob: make([]byte, 40),
	}
	for i := range 5 {
		order.Lines = append(order.Lines, benchLine{"sku-" + strconv.Itoa(i), uint16(i), float64(i) + 0.5})
	}
	ints, byID, texts := make([]int, 100), map[int]benchSmall{}, map[string]int{}
	for i := range ints {
		ints[i] = i * i * i
	}
	for i := range 10 {
		byID[i*100], texts["key "+strconv.Itoa(i)] = benchSmall{Amount: i, Note: "n"}, i
	}
	return map[string]any{
		"small":   benchSmall{259, 7, "transfer"},
		"order":   order,
		"orders":  []benchOrder{order, order, order},
		"ints":    ints,
		"structs": []benchSmall{{1, 2, "a"}, {3, 4, "b"}, {5, 6, "c"}, {7, 8, "d"}},
		"omits":   benchOmits{Amount: 5, At: at, Who: "user:7"},
		"text":    strings.Repeat("text ", 50),
		"map":     texts,
		"by id":   byID,
		"any": map[string]any{
			"name": "a name", "n": int64(70000), "list": []any{int64(1), "two", 3.5, nil, true}, "nested": map[string]any{"x": "y", "z": "w"},
		},
		"time": at,
	}
}

// TestBenchValues: both ways decode what the benchmarks encode.
func TestBenchValues(t *testing.T) {
	for name, v := range benchValues() {
		b, err := Marshal(v)
		require.NoError(t, err)
		into := reflect.New(reflect.TypeOf(v))
		require.NoError(t, Unmarshal(b, into.Interface()))
		again, err := Marshal(into.Interface())
		require.NoError(t, err)
		require.Equal(t, b, again, name)
		require.NoError(t, msgpack.Unmarshal(b, reflect.New(reflect.TypeOf(v)).Interface()))
	}
}

// BenchmarkCodec compares with the msgpack library on the same values and bytes.
func BenchmarkCodec(b *testing.B) {
	for name, v := range benchValues() {
		raw, err := Marshal(v)
		require.NoError(b, err)
		into := reflect.New(reflect.TypeOf(v))
		for _, c := range []struct {
			name string
			f    func() error
		}{
			{"marshal", func() error { _, err := Marshal(v); return err }},
			{"marshal-v5", func() error { _, err := msgpack.Marshal(v); return err }},
			{"unmarshal", func() error { into.Elem().SetZero(); return Unmarshal(raw, into.Interface()) }},
			{"unmarshal-v5", func() error { into.Elem().SetZero(); return msgpack.Unmarshal(raw, into.Interface()) }},
		} {
			b.Run(name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := c.f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
