// Package payload checks a user's payload bytes and converts them to and from one line of JSON.
//
// A payload is exactly one MessagePack value of at most [MaxSize] bytes, nested at most [MaxDepth] deep. It may come
// from an attacker, so everything here begins with [Check], which walks the bytes once, allocates nothing and
// compares each length with the bytes left before using it.
//
//	Check       validates one MessagePack value
//	AppendJSON  MessagePack to one line of JSON
//	ParseJSON   JSON to MessagePack, the inverse of AppendJSON
//
// # MessagePack in JSON
//
// A value that JSON has a form for is written in that form. Each other value has one spelling: an object with exactly
// one key, which is one of those below.
//
//	MessagePack                              JSON
//	nil, false, true                         null, false, true
//	int, uint, any width                     1, -7, 18446744073709551615: never a point or an exponent
//	float 64                                 1.0, 1.5, 1e+30, -0.0: always a point or an exponent
//	float 64, not a number or infinite       {"$float":"NaN"}, {"$float":"Infinity"}, {"$float":"-Infinity"}
//	float 64, a NaN with other bits          {"$float":"NaN:7ff8000000000001"}: all 64 bits in hexadecimal
//	float 32                                 {"$f32":1.5}, {"$f32":"NaN"}, {"$f32":"NaN:7fc00001"}: like float 64
//	str                                      "text": only ", \ and bytes below 0x20 are escaped
//	str that is not UTF-8                    {"$str":"/w=="}: base64
//	bin                                      {"$bin":"AAEC"}: base64
//	ext, timestamps (type -1) included       {"$ext":[-1,"AAAAAA=="]}: type and base64
//	array                                    [1,[2,3]]
//	map                                      {"b":1,"a":2}: keys in stored order
//	map that JSON would lose or misread      {"$map":[["$bin",1]]}, {"$map":[[1,"x"],[2,"y"]]}
//
// A map is written as $map pairs when a key is not a string, or not UTF-8, or occurs twice, or when the map has a
// single key and that key is $bin, $ext, $f32, $float, $map, $str or $raw. So an object with one of these as its
// only key is always a spelling and never a plain map, and no two payloads share a line. The list is closed: no
// later version adds a key to it. Every other object is a plain map, such as {"$ref":"#/x"} or {"$oid":"507f"}.
// A printed event has bytes that are not MessagePack under $raw; ParseJSON refuses it.
//
// "NaN" alone is the bits 7ff8000000000000 (7fc00000 in float 32), which is what Rust and most processors produce;
// Go's math.NaN has another last bit and is spelled out. Base64 is the standard alphabet, with padding.
//
// # Canonical bytes
//
// MessagePack has several encodings for one value: 5 fits in one byte or in nine. Bytes in which every integer,
// length and count takes its smallest form, and an integer from 0 up an unsigned one, are called canonical here;
// batpak writes such bytes, and so does ParseJSON. For canonical bytes ParseJSON(AppendJSON(b)) is b, byte
// for byte. For others it is their canonical form. Floats are never narrowed and never become integers.
package payload
