// Package dissect explains a frame byte by byte, for a reader who wants to see why one is
// damaged, or how an event is encoded.
//
// [Bytes] returns spans, each followed by those inside it, one deeper. A span without spans
// inside it is a leaf, and the leaves follow each other without gaps from the first byte of the
// frame to the last. Names are the keys of the frame's maps, and:
//
//	length, crc          the frame's head
//	body                 all after it
//	pairs, elements      the head of a map or an array
//	key                  a key of a map
//	0, 1, …              an element of an array
//	value                the value that a payload encodes, or that of a key which is a map or an array
//	rest                 bytes of a payload or body with more spans than are listed
//	unread               bytes that are no MessagePack, or not what they should be: the value says why
//
// A payload is an array with one number for each byte of MessagePack. The spans inside it are
// the values of that MessagePack, and their bytes those of the numbers.
package dissect
