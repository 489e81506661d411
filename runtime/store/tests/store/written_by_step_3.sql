-- What a program that knew only the first three steps of the schema wrote: a finished job, one in the middle of everything, a
-- pool that operators have had their hands on, networks, modules and inputs.

INSERT INTO users VALUES(1,'ada');
INSERT INTO users VALUES(2,'bob');
INSERT INTO jobs VALUES(1,1,1,X'00000000000000010000000000000007',NULL,X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9',0,1,1,500,500,2,0,0,0,0,0);
INSERT INTO jobs VALUES(2,1,2,X'00000000000000020000000000000007','render',X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9',0,5,2,300,NULL,1,0,0,0,1,0);
INSERT INTO job_specs VALUES(1,3,'{"tasks":{"start":0,"end":1},"module_name":"main@1","program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{},"class":"batch","gang":false,"subcluster":null,"priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"after":[],"stdin":null,"inputs":[],"network":{"own":true,"allow":["api.example.org:443"],"publish":[{"host_port":8080,"guest_port":80}]}}');
INSERT INTO job_specs VALUES(2,3,'{"tasks":{"start":0,"end":5},"module_name":"main@1","program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"class":"batch","gang":false,"subcluster":"short","priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"after":[{"job":1,"when":"on-success"}],"stdin":"582967534d0f909d196b97f9e6921342777aea87b46fa52df165389db1fb8ccf","inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}],"network":{"own":true,"allow":["api.example.org:443"],"publish":[{"host_port":8080,"guest_port":80}]}}');
INSERT INTO nodes VALUES(1,'node-1','here');
INSERT INTO audit VALUES(1,1,1,'ada','socket uid 1000','rules.apply','rules',NULL,NULL,NULL,X'0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO attempts VALUES(1,0,1,101,200,0,0,NULL,1,0,0,NULL,1234,5678,1114112,12,0,0,0,0,0,0,1,NULL);
INSERT INTO attempts VALUES(1,1,1,101,90000000,0,0,NULL,1,1,0,NULL,1234,3000000000000,1114112,12,5,4,0,0,0,0,1,7);
INSERT INTO attempts VALUES(2,0,1,101,200,0,0,NULL,1,0,0,NULL,1234,5678,1114112,12,0,0,0,0,0,0,1,NULL);
INSERT INTO attempts VALUES(2,1,1,101,200,1,3,NULL,1,1,1,900,1234,5678,1114112,12,0,0,0,0,0,0,1,NULL);
INSERT INTO attempts VALUES(2,2,1,101,200,5,1,NULL,1,2,1,0,1234,5678,1114112,12,0,0,0,0,0,0,1,NULL);
INSERT OR REPLACE INTO audit_head VALUES(1,1,X'CFDFD4885E6E04436DC5CEFD7CAF075B826A854514750A49430E4CCCAECF518E');
INSERT INTO cancel_wishes VALUES(2,3,3,250);
INSERT INTO cancelled VALUES(2,5,5,300);
INSERT INTO drained_nodes VALUES('node-1',1,'asked at 12',12);
INSERT INTO idempotency_keys VALUES(1,'k',X'230D8358DC8E8890B4C58DEEB62912EE2F20357AE92A5CC861B98E68FE31ACB5',2,2);
INSERT INTO job_labels VALUES('team','maps',1,2);
INSERT INTO job_routes VALUES(1,'short','load, rules 1','short: 3 slots free; long: 1 slot free',50);
INSERT INTO job_routes VALUES(2,'short','load, rules 1','short: 3 slots free; long: 1 slot free',50);
INSERT INTO memberships VALUES(1,'in','short',1,'node.load is 0.1',1);
INSERT INTO node_labels VALUES('node-1','size','large');
INSERT INTO node_moves VALUES(1,1,'in','short',1,'node.load is 0.1',1);
INSERT INTO paused_subclusters VALUES('long',1,'asked at 10',10);
INSERT INTO places VALUES(1,'short','node-1');
INSERT INTO rule_sets VALUES(1,'rules 1',1,1);
INSERT INTO starts VALUES(2,0,1,3,100);
INSERT INTO starts VALUES(2,2,2,2,100);
INSERT INTO nic_usage VALUES(1,1,1,1,2,3,4,5,6,7,8,'["evil.example:25"]');
INSERT INTO networks VALUES(1,'10.1.0.0',16,'fd00:0:0:1::',64,1,40);
INSERT INTO egress_policies VALUES(1,'["api.example.org:443"]',60);
INSERT INTO modules VALUES(1,1,X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9',100,'{}',1);
INSERT INTO modules VALUES(2,1,X'582967534D0F909D196B97F9E6921342777AEA87B46FA52DF165389DB1FB8CCF',11,'{}',2);
INSERT INTO inputs VALUES(1,X'DC9C5EDB8B2D479E697B4B0B8AB874F32B325138598CE9E7B759EB8292110622',1,1000,3,1);
