package abi

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDecodePiece(t *testing.T) {
	b := AppendPiece(AppendPiece(nil, 1, []byte("abc")), PieceNames, nil)
	require.Equal(t, "\x0b\x00\x00\x00\x01\x00\x00\x00abc\x08\x00\x00\x00\xff\xff\xff\xff", string(b))
	file, piece, rest, err := DecodePiece(b)
	require.NoError(t, err)
	require.Equal(t, uint32(1), file)
	require.Equal(t, "abc", string(piece))
	file, piece, rest, err = DecodePiece(rest)
	require.NoError(t, err)
	require.Equal(t, uint32(PieceNames), file)
	require.Empty(t, piece)
	require.Empty(t, rest)
	for n := range b[:11] {
		_, _, _, err := DecodePiece(b[:n])
		require.ErrorIs(t, err, ErrWire)
	}
	for n := range byte(8) {
		_, _, _, err := DecodePiece([]byte{n, 0, 0, 0, 1, 0, 0, 0})
		require.ErrorIs(t, err, ErrWire)
	}
}

func FuzzDecodePiece(f *testing.F) {
	f.Add(AppendPiece(nil, 7, []byte("abc")))
	f.Add([]byte("\x00\x00\x00\x00\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, piece, rest, err := DecodePiece(b)
		if err != nil {
			return
		}
		require.True(t, bytes.Equal(b, append(AppendPiece(nil, file, piece), rest...)))
	})
}
