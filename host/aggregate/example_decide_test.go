package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/aggregate"
	"github.com/thawlog/thaw/host/typed"
)

type BookLent struct{ Member string }

type LoanBegun struct{ Book string }

var LibraryTypes = typed.Registry(
	typed.Event[BookLent](0x1001, "book.lent"),
	typed.Event[LoanBegun](0x1002, "member.loan-begun"),
)

// Book is lent once, and Member has some loans.
type (
	Book   struct{ Lent bool }
	Member struct{ Loans int }
)

func (b *Book) Apply(typed.Envelope) error   { b.Lent = true; return nil }
func (m *Member) Apply(typed.Envelope) error { m.Loans++; return nil }

var (
	ErrLent  = errors.New("the book is lent")
	ErrLoans = errors.New("a member has 5 loans at most")
)

// A loan depends on a book and on a member: neither may change meanwhile.
func ExampleDecide() {
	ctx := context.Background()
	st, err := host.Open(ctx, "library", host.Options{FS: crashfs.New()})
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	books := aggregate.Of[Book](st, LibraryTypes, "book:")
	members := aggregate.Of[Member](st, LibraryTypes, "member:")

	lend := func(book, member string) error {
		b, m := books.At(book), members.At(member)
		_, err := aggregate.Decide(ctx, st, LibraryTypes, []host.Region{{Entity: b.Entity}, {Entity: m.Entity}},
			func(ctx context.Context) ([]host.Item, error) {
				what, err1 := books.Load(ctx, book)
				who, err2 := members.Load(ctx, member)
				switch err := errors.Join(err1, err2); {
				case err != nil:
					return nil, err
				case what.State.Lent:
					return nil, ErrLent
				case who.State.Loans >= 5:
					return nil, ErrLoans
				}
				return []host.Item{{At: b, Payload: BookLent{Member: member}}, {At: m, Payload: LoanBegun{Book: book}}}, nil
			},
			host.WithKey(host.KeyOf("lend "+book+" to "+member)))
		return err
	}
	fmt.Println(lend("1", "ada"), lend("1", "ada")) // the second is a repetition
	fmt.Println(lend("1", "bob"))
	for i := range 5 {
		fmt.Print(lend(fmt.Sprint(2+i), "ada"), " ")
	}
	// Output:
	// <nil> <nil>
	// the book is lent
	// <nil> <nil> <nil> <nil> a member has 5 loans at most
}
