import { chromium } from '@playwright/test';
const base='http://127.0.0.1:3100';
const b=await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--use-fake-device-for-media-stream','--use-fake-ui-for-media-stream','--disable-features=WebRtcHideLocalIpsWithMdns']});
const sizes={desk:{width:1280,height:800},phone:{width:390,height:844},wide:{width:844,height:390}};
const only=process.argv[2]?.split(',');
async function page(size,tag){const c=await b.newContext({viewport:sizes[size],permissions:['camera','microphone','clipboard-read','clipboard-write']});const p=await c.newPage();p.on('console',m=>console.log(tag,m.type(),m.text()));p.on('pageerror',e=>console.log(tag,'ERR',e.message));return p;}
const shot=(p,n)=>p.screenshot({path:`/tmp/shots/${n}.png`});
for(const s of Object.keys(sizes)){ if(only&&!only.includes(s))continue;
 const room='look-'+s+Date.now();
 const p=await page(s,s);
 await p.goto(base+'/'); await p.waitForTimeout(800); await shot(p,s+'-1home');
 await p.goto(base+'/nowhere'); await p.waitForTimeout(300); await shot(p,s+'-2notfound');
 await p.goto(base+'/room/'+room); await p.waitForTimeout(800); await shot(p,s+'-3lobby');
 await p.getByRole('button',{name:'Turn on camera and microphone'}).click(); await p.waitForTimeout(1500);
 await p.getByRole('textbox',{name:'Your name'}).fill('Ada Lovelace'); await shot(p,s+'-4preview');
 await p.getByRole('button',{name:'Join',exact:true}).click(); await p.waitForTimeout(1500); await shot(p,s+'-5alone');
 const others=[];
 for(let i=0;i<3;i++){const q=await page('desk',s+'q'+i);others.push(q);await q.goto(base+'/room/'+room);await q.getByRole('textbox',{name:'Your name'}).fill(['Bo','Grace Hopper',''][i]);
  await q.waitForTimeout(600);
  if(i==0) await shot(q,s+'-6lobby-inside');
  await q.getByRole('button',{name:'Join',exact:true}).click(); await p.waitForTimeout(2500); await shot(p,s+'-7call'+(i+2));}
 await others[1].getByRole('button',{name:'Turn camera off'}).click(); await others[1].getByRole('button',{name:'Mute microphone'}).click();
 await p.getByRole('button',{name:'Devices'}).click(); await p.waitForTimeout(700); await shot(p,s+'-8devices');
 await p.keyboard.press('Escape'); await p.getByRole('button',{name:'Leave'}).click(); await p.waitForTimeout(500); await shot(p,s+'-9left');
 for(const q of [p,...others]) await q.context().close();
}
await b.close();
