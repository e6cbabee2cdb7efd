package blake3

import "math/bits"

// compress turns cv into the next chaining value. Its rounds are unrolled, each with its
// words of the block: loops and a permutation take twice as long.
func compress(cv *[8]uint32, m *[16]uint32, counter uint64, length, flags uint32) {
	v0, v1, v2, v3 := cv[0], cv[1], cv[2], cv[3]
	v4, v5, v6, v7 := cv[4], cv[5], cv[6], cv[7]
	v8, v9, v10, v11 := iv[0], iv[1], iv[2], iv[3]
	v12, v13, v14, v15 := uint32(counter), uint32(counter>>32), length, flags

	// Round 1.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[0], m[1])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[2], m[3])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[4], m[5])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[6], m[7])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[8], m[9])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[10], m[11])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[12], m[13])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[14], m[15])

	// Round 2.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[2], m[6])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[3], m[10])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[7], m[0])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[4], m[13])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[1], m[11])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[12], m[5])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[9], m[14])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[15], m[8])

	// Round 3.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[3], m[4])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[10], m[12])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[13], m[2])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[7], m[14])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[6], m[5])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[9], m[0])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[11], m[15])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[8], m[1])

	// Round 4.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[10], m[7])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[12], m[9])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[14], m[3])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[13], m[15])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[4], m[0])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[11], m[2])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[5], m[8])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[1], m[6])

	// Round 5.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[12], m[13])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[9], m[11])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[15], m[10])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[14], m[8])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[7], m[2])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[5], m[3])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[0], m[1])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[6], m[4])

	// Round 6.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[9], m[14])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[11], m[5])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[8], m[12])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[15], m[1])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[13], m[3])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[0], m[10])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[2], m[6])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[4], m[7])

	// Round 7.
	v0, v4, v8, v12 = g(v0, v4, v8, v12, m[11], m[15])
	v1, v5, v9, v13 = g(v1, v5, v9, v13, m[5], m[0])
	v2, v6, v10, v14 = g(v2, v6, v10, v14, m[1], m[9])
	v3, v7, v11, v15 = g(v3, v7, v11, v15, m[8], m[6])
	v0, v5, v10, v15 = g(v0, v5, v10, v15, m[14], m[10])
	v1, v6, v11, v12 = g(v1, v6, v11, v12, m[2], m[12])
	v2, v7, v8, v13 = g(v2, v7, v8, v13, m[3], m[4])
	v3, v4, v9, v14 = g(v3, v4, v9, v14, m[7], m[13])

	cv[0], cv[1], cv[2], cv[3] = v0^v8, v1^v9, v2^v10, v3^v11
	cv[4], cv[5], cv[6], cv[7] = v4^v12, v5^v13, v6^v14, v7^v15
}

// g mixes two words into a column or a diagonal.
func g(a, b, c, d, x, y uint32) (uint32, uint32, uint32, uint32) {
	a += b + x
	d = bits.RotateLeft32(d^a, -16)
	c += d
	b = bits.RotateLeft32(b^c, -12)
	a += b + y
	d = bits.RotateLeft32(d^a, -8)
	c += d
	b = bits.RotateLeft32(b^c, -7)
	return a, b, c, d
}
