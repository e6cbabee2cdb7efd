package orders

// Placed is the first event of an order.
type Placed struct{ Customer string }

// LineAdded adds to the quantity of one article.
type LineAdded struct {
	SKU      string
	Quantity int
	Cents    int64 // for each
}

// Paid is the payment of the whole order.
type Paid struct {
	Customer string
	Cents    int64
}

// Shipped is the last event of an order.
type Shipped struct{ Carrier string }
