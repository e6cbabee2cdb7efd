package payload_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/host/payload"
)

func Example() {
	type order struct {
		ID    string   `msgpack:"id"`
		Cents int      `msgpack:"cents"`
		Tags  []string `msgpack:"tags"`
	}
	b, err := payload.Marshal(order{"A-42", 1990, []string{"new"}})
	if err != nil {
		log.Fatal(err)
	}
	line, err := payload.AppendJSON(nil, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(line))

	var back order
	if err := payload.Unmarshal(b, &back); err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.Cents)
	// Output:
	// {"id":"A-42","cents":1990,"tags":["new"]}
	// 1990
}

func ExampleAppendJSON() {
	for _, b := range [][]byte{
		{0x82, 0xa1, 'b', 0x01, 0xa1, 'a', 0x92, 0xc0, 0xc3}, // a map keeps its order
		{0xca, 0x3f, 0xc0, 0x00, 0x00},                       // a float 32
		{0xc4, 0x03, 0x00, 0x01, 0x02},                       // bytes
		{0x81, 0x07, 0xa1, 'x'},                              // a key that is a number
		{0x81, 0xa4, '$', 'b', 'i', 'n', 0x01},               // a map that only looks like bytes
	} {
		line, err := payload.AppendJSON(nil, b)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
	// Output:
	// {"b":1,"a":[null,true]}
	// {"$f32":1.5}
	// {"$bin":"AAEC"}
	// {"$map":[[7,"x"]]}
	// {"$map":[["$bin",1]]}
}

func ExampleParseJSON() {
	b, err := payload.ParseJSON(nil, []byte(`{"n": 1, "f": 1.0, "raw": {"$bin": "AAEC"}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", b)

	_, err = payload.ParseJSON(nil, []byte(`[1, 18446744073709551616]`))
	fmt.Println(err, errors.Is(err, payload.ErrRange))
	// Output:
	// 83a16e01a166cb3ff0000000000000a3726177c403000102
	// payload: number out of range at byte 4: above the largest uint64, 18446744073709551615; a string keeps its digits true
}

func ExampleCheck() {
	err := payload.Check([]byte{0xdd, 0xff, 0xff, 0xff, 0xff}) // an array of 4,294,967,295 elements, in five bytes
	fmt.Println(err)

	var at *payload.Error
	fmt.Println(errors.As(err, &at), at.Offset, errors.Is(err, payload.ErrTruncated))
	// Output:
	// payload: truncated at byte 0: more is claimed than is left
	// true 0 true
}
