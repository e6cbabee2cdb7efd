package writers

import (
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

var bboltEngine = Engine{
	Name: "bbolt",
	How:  "NoFreelistSync, map freelist; single events through DB.Batch, which groups them for at most 10 ms",
	Open: func(dir string, synced bool) (Writer, error) {
		db, err := bolt.Open(filepath.Join(dir, "events.bolt"), 0o644, &bolt.Options{
			Timeout: time.Second, NoSync: !synced, NoFreelistSync: true, FreelistType: bolt.FreelistMapType,
		})
		if err != nil {
			return nil, err
		}
		err = db.Update(func(tx *bolt.Tx) error {
			for _, b := range []byte{byNumber, byID, byEntity, byScope, byKind} {
				if _, err := tx.CreateBucket([]byte{b}); err != nil {
					return err
				}
			}
			return nil
		})
		return bboltWriter{db, synced}, err
	},
}

type bboltWriter struct {
	*bolt.DB
	synced bool
}

// put files each key in the bucket that its first byte names.
func put(tx *bolt.Tx, e *Event) error {
	return pairs(e, func(key, value []byte) error { return tx.Bucket(key[:1]).Put(key[1:], value) })
}

func (w bboltWriter) Batch(events []Event) error {
	return w.Update(func(tx *bolt.Tx) error {
		for i := range events {
			if err := put(tx, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w bboltWriter) One(e *Event) error {
	one := func(tx *bolt.Tx) error { return put(tx, e) }
	if !w.synced { // one goroutine, for which a group would only wait
		return w.Update(one)
	}
	return w.DB.Batch(one)
}
