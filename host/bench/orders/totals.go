package orders

// Total is the row of one customer in the projection.
type Total struct {
	Orders int64
	Cents  int64 // paid
}

// Add adds a change.
func (t *Total) Add(change Total) {
	t.Orders += change.Orders
	t.Cents += change.Cents
}

// TotalOf returns what an event adds to the total of a customer; of an event that changes
// no total, "".
func TotalOf(value any) (customer string, change Total) {
	switch e := value.(type) {
	case Placed:
		return e.Customer, Total{Orders: 1}
	case Paid:
		return e.Customer, Total{Cents: e.Cents}
	}
	return "", Total{}
}
