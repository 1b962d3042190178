/* POSLog 2.1 as NCR ACS writes it (TLOG "POSLog XML", profile ncr-acs): no newline anywhere, local times
 * without an offset, a void as a later line with a negative quantity, weights known only by acs:weightItem.
 */
#include "tests/tillsim/txn.h"

static void open_tag(struct sim_text *out, const char *name)
{
    sim_text_put_char(out, '<');
    sim_text_put(out, name);
    sim_text_put_char(out, '>');
}

static void close_tag(struct sim_text *out, const char *name)
{
    sim_text_put(out, "</");
    sim_text_put(out, name);
    sim_text_put_char(out, '>');
}

static void put_element(struct sim_text *out, const char *name, const char *value)
{
    open_tag(out, name);
    sim_text_put_xml(out, value);
    close_tag(out, name);
}

static void put_number(struct sim_text *out, const char *name, uint64_t value)
{
    open_tag(out, name);
    sim_text_put_u64(out, value);
    close_tag(out, name);
}

static void put_cents(struct sim_text *out, const char *name, int64_t cents)
{
    open_tag(out, name);
    sim_text_put_cents(out, cents);
    close_tag(out, name);
}

static void put_local(struct sim_text *out, const char *name, struct sim_moment m)
{
    open_tag(out, name);
    sim_civil_put_local(out, m);
    close_tag(out, name);
}

static void put_date(struct sim_text *out, const char *name, int32_t day)
{
    open_tag(out, name);
    sim_civil_put_date(out, day);
    close_tag(out, name);
}

static const char *transaction_attributes(const struct sim_txn *t)
{
    switch (t->status) {
    case SIM_STATUS_TRAINING:
        return " TrainingModeFlag=\"true\"";
    case SIM_STATUS_CANCELLED:
        return " CancelFlag=\"true\"";
    case SIM_STATUS_SUSPENDED:
        return " SuspendFlag=\"true\"";
    case SIM_STATUS_FINISHED:
    case SIM_STATUS_VOIDED:
    case SIM_STATUS_IN_PROCESS:
        return "";
    }
    return "";
}

static void put_header(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out, "<Transaction");
    sim_text_put(out, transaction_attributes(t));
    if (t->offline) {
        sim_text_put(out, " OfflineFlag=\"true\"");
    }
    sim_text_put_char(out, '>');
    if (t->damage != SIM_DAMAGE_NO_STORE) {
        put_element(out, "RetailStoreID", t->store);
    }
    put_element(out, "WorkstationID", t->workstation);
    if (t->damage != SIM_DAMAGE_NO_SEQUENCE) {
        put_number(out, "SequenceNumber", t->sequence);
    }
    put_date(out, "BusinessDayDate", t->day);
    put_local(out, "EndDateTime", t->end);
    sim_text_put(out, "<OperatorID OperatorName=\"X\">91</OperatorID><CurrencyCode>USD</CurrencyCode>");
}

/* Some tills wrap text with an ampersand in CDATA, others escape it: both occur here. */
static void put_description(const struct sim_txn *t, const struct sim_item *item, const char *name,
                            struct sim_text *out)
{
    if (!item->description[0]) {
        return;
    }
    open_tag(out, name);
    if (t->damage == SIM_DAMAGE_UTF8) {
        sim_text_put_char(out, '\xff');
    } else if (item->price_cents % 4 == 1) {
        sim_text_put(out, "<![CDATA[");
        sim_text_put(out, item->description);
        sim_text_put(out, "]]>");
    } else {
        sim_text_put_xml(out, item->description);
    }
    close_tag(out, name);
}

static void put_quantity(const struct sim_txn *t, const struct sim_line *line, const char *name,
                         struct sim_text *out)
{
    bool stated_unit = t->kind == SIM_TXN_RECEIPT && line->item->weighed;
    sim_text_put_char(out, '<');
    sim_text_put(out, name);
    sim_text_put(out, stated_unit ? " UnitOfMeasureCode=\"" : "");
    sim_text_put(out, stated_unit ? line->item->uom : "");
    sim_text_put(out, stated_unit ? "\">" : ">");
    if (t->damage == SIM_DAMAGE_QUANTITY) {
        sim_text_put(out, "1e308");
    } else {
        sim_text_put_e4(out, line->kind == SIM_LINE_VOID ? -line->quantity_e4 : line->quantity_e4,
                        line->decimals);
    }
    sim_text_put(out, t->damage == SIM_DAMAGE_SYNTAX ? "</Amount" : "</");
    sim_text_put(out, t->damage == SIM_DAMAGE_SYNTAX ? "" : name);
    sim_text_put_char(out, '>');
}

static void put_goods(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    const struct sim_item *item = line->item;
    const char *kind = line->kind == SIM_LINE_RETURN ? "Return" : "Sale";
    const char *method = sim_disposal_method(line->disposal);
    bool refund = line->type == SIM_TYPE_BOTTLE_REFUND;
    int64_t amount = refund || line->kind == SIM_LINE_VOID ? -line->amount_cents : line->amount_cents;
    sim_text_put_char(out, '<');
    sim_text_put(out, kind);
    sim_text_put(out, refund ? " ItemType=\"acs:NegativeItem\">" : " ItemType=\"Stock\">");
    sim_text_put(out, "<POSIdentity POSIDType=\"GTIN\">");
    put_element(out, "POSItemID", item->alias[0] ? item->alias : item->id);
    sim_text_put(out, "<Qualifier>6</Qualifier></POSIdentity>");
    put_element(out, "ItemID", item->id);
    sim_text_put(out, "<MerchandiseHierarchy Level=\"Department\" acs:DepartmentDescription=\"Department6\">6"
                      "</MerchandiseHierarchy>");
    put_description(t, item, "Description", out);
    put_cents(out, "RegularSalesUnitPrice", item->price_cents);
    put_cents(out, "ExtendedAmount", amount);
    sim_text_put(out, "<DiscountAmount>0.00</DiscountAmount>"
                      "<ExtendedDiscountAmount>0.00</ExtendedDiscountAmount>");
    put_quantity(t, line, "Quantity", out);
    if (method) {
        sim_text_put(out, "<Disposal Method=\"");
        sim_text_put(out, method);
        sim_text_put(out, "\"></Disposal>");
    }
    put_number(out, "acs:OperatorSequence", line->number);
    sim_text_put(out, "<acs:ReportCode>0</acs:ReportCode><acs:SaleableMediaID>0</acs:SaleableMediaID>"
                      "<acs:Itemizers FoodStampable=\"true\" Itemizer1=\"true\" Itemizer2=\"true\">112"
                      "</acs:Itemizers></");
    sim_text_put(out, kind);
    sim_text_put_char(out, '>');
}

static void put_card(const char *card, struct sim_text *out)
{
    bool track = card[0] == '%' || card[0] == ';';
    sim_text_put(out, "<CreditDebit CardType=\"Credit\">");
    if (card[0]) {
        put_element(out, track ? "acs:TrackData" : "PrimaryAccountNumber", card);
    }
    sim_text_put(out, "</CreditDebit>");
}

static void put_tender(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    sim_text_put(
        out, "<Tender TenderType=\"CreditDebit\" TypeCode=\"Sale\" acs:TenderDescription=\"TenderType12\">"
             "<TenderID>12</TenderID>");
    put_cents(out, "Amount", line->amount_cents);
    sim_text_put(out, "<Authorization HostAuthorized=\"true\" ElectronicSignature=\"false\">");
    put_cents(out, "RequestedAmount", line->amount_cents);
    sim_text_put(out, "<AuthorizationCode>0</AuthorizationCode><ReferenceNumber>0</ReferenceNumber>");
    put_local(out, "AuthorizationDateTime", t->end);
    sim_text_put(out, "</Authorization>");
    put_card(t->card.shown, out);
    put_number(out, "acs:OperatorSequence", line->number);
    sim_text_put(out, "</Tender>");
}

static void put_tax(const struct sim_line *line, struct sim_text *out)
{
    sim_text_put(out, "<Tax acs:TaxID=\"1\" acs:TaxDescription=\"TaxID1\">");
    put_cents(out, "TaxableAmount", line->amount_cents * 10);
    put_cents(out, "Amount", line->amount_cents);
    sim_text_put(out, "<!--The following is a rough calculated value for validation purposes only.-->"
                      "<Percent>10.000</Percent><Reason>Charged</Reason></Tax>");
}

static void put_reward(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    sim_text_put(out,
                 "<LoyaltyReward acs:membershipRequired=\"true\" acs:detailedData=\"true\""
                 " acs:summarizedActivity=\"true\"><PromotionID>1027</PromotionID><EventID>1</EventID>"
                 "<ReasonCode>0</ReasonCode><acs:RewardLevel>Item</acs:RewardLevel>"
                 "<acs:RewardCategory>CustomOffer</acs:RewardCategory>"
                 "<acs:RewardType>CustomOffer</acs:RewardType><acs:Itemizers>0</acs:Itemizers>"
                 "<acs:CustomOfferID>1134</acs:CustomOfferID><acs:BaseRewardAmount>1</acs:BaseRewardAmount>"
                 "<acs:ExtendedRewardAmount>1</acs:ExtendedRewardAmount><acs:RewardBasis>"
                 "<acs:QuantityUsed>1</acs:QuantityUsed><acs:WeightUsed>0.042</acs:WeightUsed>");
    put_cents(out, "acs:AmountUsed", line->amount_cents);
    sim_text_put(out, "<acs:POSIdentity POSIDType=\"GTIN\">");
    put_element(out, "POSItemID", line->item->id);
    sim_text_put(out, "<Qualifier>6</Qualifier></acs:POSIdentity>");
    put_element(out, "acs:ItemID", line->item->id);
    sim_text_put(out,
                 "<acs:MerchandiseHierarchy Level=\"Department\" acs:DepartmentDescription=\"Department6\">6"
                 "</acs:MerchandiseHierarchy>");
    put_description(t, line->item, "acs:ItemDescription", out);
    sim_text_put(out, "</acs:RewardBasis><acs:OperatorSequenceReference>2</acs:OperatorSequenceReference>"
                      "</LoyaltyReward>");
}

static const char *entry_method(const struct sim_line *line)
{
    switch (line->kind) {
    case SIM_LINE_SALE:
    case SIM_LINE_RETURN:
    case SIM_LINE_VOID:
    case SIM_LINE_RECEIPT:
        if (line->type == SIM_TYPE_DEPOSIT) {
            return "acs:Linked";
        }
        return line->number % 3 ? "Scanned" : "Keyed";
    case SIM_LINE_TENDER:
        return "MSR";
    case SIM_LINE_TAX:
    case SIM_LINE_MEMBERSHIP:
    case SIM_LINE_REWARD:
        return "acs:Auto";
    }
    return "";
}

static void put_line_tag(const struct sim_line *line, struct sim_text *out)
{
    bool weighed = line->item && line->item->weighed && line->kind != SIM_LINE_REWARD;
    sim_text_put(out, line->kind == SIM_LINE_VOID ? "<LineItem VoidFlag=\"true\" EntryMethod=\""
                                                  : "<LineItem EntryMethod=\"");
    sim_text_put(out, entry_method(line));
    sim_text_put(out, weighed ? "\" acs:weightItem=\"true\">" : "\">");
    put_number(out, "SequenceNumber", line->number);
}

static void put_line(const struct sim_txn *t, const struct sim_line *line, struct sim_text *out)
{
    put_line_tag(line, out);
    switch (line->kind) {
    case SIM_LINE_SALE:
    case SIM_LINE_RETURN:
    case SIM_LINE_VOID:
    case SIM_LINE_RECEIPT:
        put_goods(t, line, out);
        break;
    case SIM_LINE_TENDER:
        put_tender(t, line, out);
        break;
    case SIM_LINE_TAX:
        put_tax(line, out);
        break;
    case SIM_LINE_MEMBERSHIP:
        sim_text_put(out, "<acs:LoyaltyMembership><acs:LoyaltyID Type=\"Membership\">0</acs:LoyaltyID>"
                          "<acs:MembershipID>0</acs:MembershipID><acs:HouseholdID>0</acs:HouseholdID>"
                          "<acs:MembershipLevel>0</acs:MembershipLevel></acs:LoyaltyMembership>");
        break;
    case SIM_LINE_REWARD:
        put_reward(t, line, out);
        break;
    }
    sim_text_put(out, "</LineItem>");
}

static const char *retail_tag(const struct sim_txn *t)
{
    if (t->damage == SIM_DAMAGE_STATUS) {
        return "<RetailTransaction Version=\"2.1\" TransactionStatus=\"Unheard\">";
    }
    switch (t->status) {
    case SIM_STATUS_VOIDED:
        return "<RetailTransaction Version=\"2.1\" TransactionStatus=\"Voided\">";
    case SIM_STATUS_SUSPENDED:
        return "<RetailTransaction Version=\"2.1\" TransactionStatus=\"Suspended\">";
    case SIM_STATUS_IN_PROCESS:
        return "<RetailTransaction Version=\"2.1\" TransactionStatus=\"InProcess\">";
    case SIM_STATUS_FINISHED:
    case SIM_STATUS_TRAINING:
    case SIM_STATUS_CANCELLED:
        return "<RetailTransaction Version=\"2.1\">";
    }
    return "";
}

static void put_retail(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out, retail_tag(t));
    put_local(out, "ReceiptDateTime", t->end);
    put_number(out, "TransactionCount", t->line_count);
    for (uint32_t i = 0; i < t->line_count; i++) {
        put_line(t, &t->lines[i], out);
    }
    sim_text_put(out, "<Total TotalType=\"TransactionGrandAmount\">1.07</Total>"
                      "<Total TotalType=\"acs:GrossPositive\">1.26</Total>"
                      "<Total TotalType=\"acs:GrossNegative\">-0.19</Total>"
                      "<Total TotalType=\"TransactionTaxAmount\">0.00</Total>");
    put_number(out, "acs:ItemCount", t->line_count);
    sim_text_put(out, "<acs:PerformanceMetrics><acs:RingTime>21</acs:RingTime><acs:IdleTime>38</acs:IdleTime>"
                      "<acs:TenderTime>25</acs:TenderTime></acs:PerformanceMetrics></RetailTransaction>");
}

static void put_control(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out,
                 "<ControlTransaction Version=\"2.1\"><ReasonCode>Valid SignOn</ReasonCode><OperatorSignOn>");
    put_local(out, "StartDateTimestamp", t->begin);
    put_local(out, "EndDateTimestamp", t->end);
    put_date(out, "OpenBusinessDayDate", t->day);
    put_date(out, "CloseBusinessDayDate", t->day);
    put_number(out, "OpenTransactionSequenceNumber", t->sequence);
    put_number(out, "CloseTransactionSequenceNumber", t->sequence);
    sim_text_put(out, "</OperatorSignOn></ControlTransaction>");
}

static void put_receipt(const struct sim_txn *t, struct sim_text *out)
{
    sim_text_put(out, "<InventoryControlTransaction><ReceiveInventory>");
    put_element(out, "DocumentID", t->document);
    for (uint32_t i = 0; i < t->line_count; i++) {
        sim_text_put(out, "<LineItem>");
        put_number(out, "SequenceNumber", t->lines[i].number);
        put_element(out, "ItemID", t->lines[i].item->id);
        put_description(t, t->lines[i].item, "Description", out);
        put_quantity(t, &t->lines[i], "QuantityReceived", out);
        sim_text_put(out, "</LineItem>");
    }
    sim_text_put(out, "</ReceiveInventory></InventoryControlTransaction>");
}

void sim_txn_write_acs(const struct sim_txn *t, struct sim_text *out)
{
    put_header(t, out);
    switch (t->kind) {
    case SIM_TXN_RETAIL:
        put_retail(t, out);
        break;
    case SIM_TXN_CONTROL:
        put_control(t, out);
        break;
    case SIM_TXN_RECEIPT:
        put_receipt(t, out);
        break;
    }
    sim_text_put(out, "</Transaction>");
}
