-- serves: 0011
-- Devices of radio networks, each as it is described now; a removed one stays as a row without a
-- body, for instances to notice. `change` is the number of its last change, given with the log's head
-- locked: an instance reads on from the number that it has seen.
CREATE TABLE device (
    dev_eui text COLLATE "C" PRIMARY KEY,
    change bigint NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    body jsonb
);

ALTER TABLE audit DROP CONSTRAINT audit_action_check;
ALTER TABLE audit ADD CONSTRAINT audit_action_check CHECK (action IN (
    'lot_described', 'spaces_listed', 'lot_retired', 'key_created', 'key_revoked',
    'device_registered', 'device_removed'
));
