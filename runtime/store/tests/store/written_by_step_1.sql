-- What a program that knew only the first step of the schema wrote: a finished job, and one in the middle of everything.

INSERT INTO users VALUES(1,'ada');
INSERT INTO users VALUES(2,'bob');
INSERT INTO jobs VALUES(1,1,1,X'00000000000000010000000000000007',NULL,X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9',0,1,1,500,500,2,0,0,0,0,0);
INSERT INTO jobs VALUES(2,1,2,X'00000000000000020000000000000007','render',X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9',0,5,2,300,NULL,1,0,0,0,1,0);
INSERT INTO job_specs VALUES(1,1,'{"tasks":{"start":0,"end":1},"program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{},"priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"stdin":null,"inputs":[]}');
INSERT INTO job_specs VALUES(2,1,'{"tasks":{"start":0,"end":5},"program":"main.wasm","args":["--fast"],"env":[["B","2"],["A","1"]],"cpu_millis":50,"limits":{"memory_bytes":67108864,"cpu_ms":null,"wall_ms":30000,"output_bytes":67108864,"scratch_bytes":0,"open_files":64,"table_elements":20000,"handles":1000},"labels":{"team":"maps"},"priority":0,"restart":{"on_failure":{"retries":3,"backoff_ms":1000}},"stdin":"582967534d0f909d196b97f9e6921342777aea87b46fa52df165389db1fb8ccf","inputs":[{"digest":"dc9c5edb8b2d479e697b4b0b8ab874f32b325138598ce9e7b759eb8292110622","guest_path":"/in"}]}');
INSERT INTO job_labels VALUES('team','maps',1,2);
INSERT INTO idempotency_keys VALUES(1,'k',X'230D8358DC8E8890B4C58DEEB62912EE2F20357AE92A5CC861B98E68FE31ACB5',2,2);
INSERT INTO starts VALUES(2,0,1,3,100);
INSERT INTO starts VALUES(2,2,2,2,100);
INSERT INTO attempts VALUES(1,0,1,101,200,0,0,NULL,1,0,0,NULL,1234,5678,1114112,12,0,0,0,0,0,0);
INSERT INTO attempts VALUES(1,1,1,101,200,0,0,NULL,1,1,0,NULL,1234,5678,1114112,12,0,0,0,0,0,0);
INSERT INTO attempts VALUES(2,0,1,101,200,0,0,NULL,1,0,0,NULL,1234,5678,1114112,12,0,0,0,0,0,0);
INSERT INTO attempts VALUES(2,1,1,101,200,1,3,NULL,1,1,1,900,1234,5678,1114112,12,0,0,0,0,0,0);
INSERT INTO attempts VALUES(2,2,1,101,200,5,1,NULL,1,2,1,0,1234,5678,1114112,12,0,0,0,0,0,0);
INSERT INTO cancelled VALUES(2,5,5,300);
INSERT INTO cancel_wishes VALUES(2,3,3,250);
INSERT INTO modules VALUES(1,1,X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9',6,'{}',1);
INSERT INTO module_names VALUES(1,1,'main','',X'120970D812836F19888625587A4606A5AD23CEF31C8684E601771552548FC6B9');
INSERT INTO inputs VALUES(1,X'DC9C5EDB8B2D479E697B4B0B8AB874F32B325138598CE9E7B759EB8292110622',1,10,1,1);
