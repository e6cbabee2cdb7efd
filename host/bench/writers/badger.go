package writers

import badger "github.com/dgraph-io/badger/v4"

var badgerEngine = Engine{
	Name: "badger",
	How:  "v4, DefaultOptions with SyncWrites for durable writes; a batch is one Update",
	Open: func(dir string, synced bool) (Writer, error) {
		db, err := badger.Open(badger.DefaultOptions(dir).WithSyncWrites(synced).WithLogger(nil))
		return badgerWriter{db}, err
	},
}

type badgerWriter struct{ *badger.DB }

func (w badgerWriter) Batch(events []Event) error {
	return w.Update(func(tx *badger.Txn) error {
		for i := range events {
			if err := pairs(&events[i], tx.Set); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w badgerWriter) One(e *Event) error {
	return w.Update(func(tx *badger.Txn) error { return pairs(e, tx.Set) })
}
