package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/thawlog/thaw/core/event"
)

// The kinds.
const (
	orderPlaced     event.Kind = 0x1001
	orderChanged    event.Kind = 0x1002
	orderCancelled  event.Kind = 0x1003
	paymentTaken    event.Kind = 0x2001
	paymentRefunded event.Kind = 0x2002
	parcelSent      event.Kind = 0x3001
	parcelDelivered event.Kind = 0x3002
	accountBooked   event.Kind = 0x4001
)

var kindNames = map[event.Kind]string{
	orderPlaced: "order.placed", orderChanged: "order.changed", orderCancelled: "order.cancelled",
	paymentTaken: "payment.taken", paymentRefunded: "payment.refunded",
	parcelSent: "parcel.sent", parcelDelivered: "parcel.delivered", accountBooked: "account.booked",
}

const (
	orders = 56
	// The order with the most parcels, whose conversation has 60 events, and its parcels.
	large        = 17
	largeParcels = 25
)

// hurt is the event whose payload is damaged; tell sets it.
var hurt event.ID

type object = map[string]any

type item struct {
	SKU   string `json:"sku"`
	Name  string `json:"name"`
	Count int    `json:"count"`
	Cents int    `json:"cents"`
}

var goods = []item{
	{SKU: "T-001", Name: "Tea, green", Cents: 890}, {SKU: "T-002", Name: "Tea, black", Cents: 790},
	{SKU: "C-010", Name: "Café crème", Cents: 1250}, {SKU: "P-100", Name: "Pot <small> & lid", Cents: 3900},
	{SKU: "P-101", Name: "鉄瓶 (kettle)", Cents: 12900}, {SKU: "B-007", Name: "Book of teas", Cents: 2490},
}

type customer struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Address object `json:"address"`
}

var customers = []customer{
	{"Ada Novák", "ada@example.com", object{"street": "Dlouhá 5", "city": "Praha", "country": "CZ"}},
	{"Björn Åkesson", "bjorn@example.com", object{"street": "Storgatan 12", "city": "Malmö", "country": "SE"}},
	{"Chloé Martin", "chloe@example.com", object{"street": "3 rue du Lac", "city": "Annecy", "country": "FR"}},
	{"Dana Whitfield", "dana@example.com", object{"street": "41 Elm St", "city": "Portland", "country": "US"}},
	{"江口 恵美", "emi@example.com", object{"street": "1-2-3 Ginza", "city": "東京", "country": "JP"}},
	{"Łukasz Wójcik", "lukasz@example.com", object{"street": "Piotrkowska 77", "city": "Łódź", "country": "PL"}},
}

// teller collects the steps of the story.
type teller struct {
	random *rand.Rand
	steps  []step
	ids    int
}

// tell returns the steps of the story in the order of their times.
func tell() []step {
	t := &teller{random: rand.New(rand.NewPCG(2026, 3))}
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for n := 1; n <= orders; n++ {
		t.order(n, at)
		at = at.Add(time.Duration(3+t.random.IntN(14)) * time.Hour).Add(t.seconds(3000))
	}
	slices.SortStableFunc(t.steps, func(a, b step) int { return cmp.Compare(a.at.UnixMicro(), b.at.UnixMicro()) })
	return t.steps
}

// seconds returns a time from 1 s to n s.
func (t *teller) seconds(n int) time.Duration {
	return time.Duration(1+t.random.IntN(n))*time.Second + time.Duration(t.random.IntN(1000))*time.Millisecond
}

// order tells the story of one order.
func (t *teller) order(n int, at time.Time) {
	o := &order{teller: t, n: n, at: at, who: customers[t.random.IntN(len(customers))], scope: "shop:eu"}
	if c := o.who.Address["country"]; c == "US" || c == "JP" {
		o.scope = "shop:us"
	}
	parcels := 1 + t.random.IntN(2)
	if n == large {
		parcels, o.scope = largeParcels, "shop:eu"
	}
	o.place(parcels)
	switch {
	case n == large:
		o.change(object{"deliver": "in parts", "note": "<b>Fragile!</b> \"Handle with care\" & don't fold"})
		o.change(object{"contact": customers[2]})
	case n%5 == 0:
		o.change(object{"items": object{"add": []item{t.some(1)}}, "reason": object{"code": "customer", "text": "one more, please"}})
	case n%11 == 0: // never paid
		o.wait(48 * time.Hour)
		o.cancel("not paid")
		return
	}
	o.pay()
	sent := o.send(parcels)
	for i, parcel := range sent {
		delivered := o.deliver(i, parcel)
		if n%7 == 3 && i == 0 || n == large && i < 2 {
			o.refund(i, delivered)
		}
	}
	if n%7 == 3 && n%2 == 1 {
		o.cancel("sent back")
	}
}

// some returns a few of one of the goods.
func (t *teller) some(most int) item {
	i := goods[t.random.IntN(len(goods))]
	i.Count = 1 + t.random.IntN(most)
	return i
}

// order is one order while its events are made.
type order struct {
	*teller
	n     int
	at    time.Time
	who   customer
	scope string
	cents int
	first event.ID // its order.placed
	last  event.ID // what causes the next event
}

func (o *order) entity(what string) string { return fmt.Sprintf("%s:2026-%04d", what, 1000+o.n) }

func (o *order) wait(d time.Duration) { o.at = o.at.Add(d) }

// event returns an event of the order's conversation.
func (o *order) event(entity string, kind event.Kind, cause event.ID, payload any) happening {
	o.ids++
	h := happening{
		Coordinate: event.At(entity, o.scope), kind: kind, id: newID(o.at, o.ids),
		cause: cause, talk: o.first, payload: payload,
	}
	if o.first.IsZero() {
		o.first = h.id
		h.talk = h.id
	}
	return h
}

// append appends events at the order's time.
func (o *order) append(events ...happening) {
	o.steps = append(o.steps, step{at: o.at, events: events})
}

func (o *order) place(parcels int) {
	var items []item
	for range 1 + parcels + o.random.IntN(3) {
		i := o.some(3)
		items = append(items, i)
		o.cents += i.Count * i.Cents
	}
	h := o.event(o.entity("order"), orderPlaced, event.ID{}, object{
		"customer": o.who, "items": items,
		"total":   object{"cents": o.cents, "currency": o.currency()},
		"options": object{"gift": o.n%4 == 0, "delivery": object{"parcels": parcels, "express": o.n%3 == 0, "window": []int{9, 17}}},
	})
	h.meta = event.NewMeta(map[string]string{
		event.MetaActor: "customer:" + o.who.Email, event.MetaRequest: fmt.Sprintf("req-%05d", 40_000+o.n*37),
	})
	o.append(h)
	o.last = h.id
}

func (o *order) currency() string {
	if o.scope == "shop:us" {
		return "USD"
	}
	return "EUR"
}

func (o *order) change(what object) {
	o.wait(o.seconds(1800))
	h := o.event(o.entity("order"), orderChanged, o.last, what)
	h.meta = event.NewMeta(map[string]string{event.MetaActor: "clerk:mira"})
	o.append(h)
	o.last = h.id
}

func (o *order) cancel(reason string) {
	o.wait(o.seconds(7200))
	o.append(o.event(o.entity("order"), orderCancelled, o.last, object{"reason": reason}))
}

func (o *order) pay() {
	o.wait(o.seconds(900))
	paid := o.event(o.entity("payment"), paymentTaken, o.last, object{
		"cents": o.cents, "currency": o.currency(),
		"card": object{"brand": []string{"visa", "mastercard", "jcb"}[o.n%3], "last4": fmt.Sprintf("%04d", o.n*7919%10000)},
	})
	o.append(paid)
	o.book(o.cents, paid.id)
	o.last = paid.id
	if o.n == 23 {
		hurt = paid.id
	}
}

// book books an amount to the account of the shop.
func (o *order) book(cents int, cause event.ID) {
	o.wait(o.seconds(20))
	o.append(o.event("account:"+o.scope, accountBooked, cause, object{"cents": cents, "order": o.entity("order")}))
}

// send sends all parcels in one batch, which the payment causes.
func (o *order) send(parcels int) (ids []event.ID) {
	o.wait(o.seconds(20 * 3600))
	var events []happening
	for i := range parcels {
		h := o.event(fmt.Sprintf("%s/%d", o.entity("parcel"), i+1), parcelSent, o.last, object{
			"carrier": []string{"post", "bike", "rail"}[(o.n+i)%3], "grams": 200 + o.random.IntN(4000),
			"label": fmt.Sprintf("TH%08d", o.n*100+i),
		})
		h.meta = event.NewMeta(map[string]string{event.MetaActor: "warehouse"})
		events, ids = append(events, h), append(ids, h.id)
	}
	o.append(events...)
	return ids
}

func (o *order) deliver(i int, sent event.ID) event.ID {
	o.wait(o.seconds(9 * 3600))
	h := o.event(fmt.Sprintf("%s/%d", o.entity("parcel"), i+1), parcelDelivered, sent, object{"to": o.who.Name, "signed": (o.n+i)%2 == 0})
	o.append(h)
	o.last = h.id
	return h.id
}

// refund pays back a part of the order after a delivery.
func (o *order) refund(i int, delivered event.ID) {
	o.wait(o.seconds(30 * 3600))
	back := o.event(o.entity("payment"), paymentRefunded, delivered, object{
		"cents": o.cents / 3, "currency": o.currency(), "parcel": i + 1, "why": object{"code": "damaged", "photos": o.random.IntN(4)},
	})
	o.append(back)
	o.book(-(o.cents / 3), back.id)
	o.last = back.id
}
