// Package subjectkeys encrypts payloads with one key for each subject, such as a person, so that
// destroying the key makes them unreadable everywhere: in the store, in its copies and backups,
// and in what was exported without being decrypted. ERASURE.md in package host says when to use
// this, and when to redact.
//
//	ring, err := subjectkeys.OpenFile("customers.keys", subjectkeys.FileOptions{Create: true})
//	cipher := subjectkeys.New(ring, func(at event.Coordinate, kind event.Kind) (string, bool) {
//		return strings.CutPrefix(at.Entity, "customer:")
//	})
//	store, err := host.Open(ctx, dir, host.Options{Cipher: cipher})
//	…
//	err = ring.Destroy(ctx, "7")
//
// A payload is encrypted before it is hashed and written, so hashes, chains and thaw verify need
// no key. Gates and policies see what is not encrypted yet. Readers that have the keyring see
// plaintext through every method. For a subject whose key is destroyed they get a
// [ShreddedError], of class host.ErrErased; without a keyring host.ErrEncrypted.
//
// Only the payload is encrypted. An event's entity, scope, kind, times, ids and metadata are
// not: put nothing there that must be forgotten.
//
// # Construction
//
// Each subject's key is 32 random bytes, from which BLAKE3 in its mode for deriving keys makes
// two: one for XChaCha20-Poly1305, one for the nonce. The nonce is the first 24 bytes of keyed
// BLAKE3 over the associated data and the plaintext:
//
//	aad   = "thaw subject key 1" ‖ key id ‖ kind, u16 ‖ len(entity), u32 ‖ entity ‖ len(scope), u32 ‖ scope
//	nonce = BLAKE3-keyed(nonce key, len(aad), u64 ‖ aad ‖ plaintext)[:24]
//	data  = XChaCha20-Poly1305(cipher key, nonce, plaintext, aad)
//
// Numbers are big-endian. So the same event always has the same bytes, and an append that is
// repeated under its key is recognized. This is the synthetic initialization vector of
// deterministic authenticated encryption (Rogaway and Shrimpton, "Deterministic
// Authenticated-Encryption: A Provable-Security Treatment of the Key-Wrap Problem", EUROCRYPT
// 2006) in the form nonce = PRF(key, aad, plaintext) before a nonce-based cipher. It is sound
// because keyed BLAKE3 is a pseudorandom function: a nonce repeats for other input only with the
// chance of two equal 192-bit random numbers (below 2^-90 after 2^50 payloads of one subject),
// and with equal input the whole ciphertext is equal, so no keystream covers two plaintexts.
// XChaCha20 takes such long nonces (draft-irtf-cfrg-xchacha). Opening checks the tag, and then
// that the nonce is that of the plaintext, so a payload has exactly one ciphertext.
//
// What it does not hide: that two payloads of one subject, entity, scope and kind are equal, and
// how long a payload is.
//
// The associated data binds a payload to its entity, scope and kind: moved to another event of
// another one, it does not open.
//
// # What is out of scope
//
// Keys are not rotated: a subject has one key until it is destroyed, and then none for good.
package subjectkeys
