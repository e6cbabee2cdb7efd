package workload

import "fmt"

// Payload returns the payload of event i: of streams data an [Order], and otherwise a text.
func (s Spec) Payload(i uint64) []byte {
	if s.Data == Streams {
		return order(i)
	}
	return Payload(i)
}

// MaxPayload is the length of the longest payload that Payload returns.
const MaxPayload = 153

// Payload returns event i's payload: MessagePack bin of 88 to 151 bytes and two before
// them. It is text, a reference and words in an order that differs from event to event, so
// that an engine that compresses gains as much as with real texts, not more.
func Payload(i uint64) []byte {
	x := mix(i)
	length := 88 + int(x>>32%64)
	p := make([]byte, 0, 2+length+16)
	p = append(p, 0xC4, byte(length))
	p = fmt.Appendf(p, "order %016x: ", x)
	for len(p) < 2+length {
		p = append(p, words[x%uint64(len(words))]...)
		x = mix(x)
	}
	return p[:2+length]
}

var words = []string{
	"ship ", "before ", "noon ", "leave ", "with ", "the ", "neighbour ", "blue ", "crate ", "second ", "floor ", "call ",
	"on ", "arrival ", "fragile ", "return ", "label ", "inside ", "paid ", "by ", "card ", "partial ", "delivery ", "accepted ",
}
